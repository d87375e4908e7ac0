package dev.kiln.sample;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import tools.jackson.databind.json.JsonMapper;

/** Object listings that the two buckets publish. Like the real ones they list other objects too. */
final class BucketListing {
  private static final String SNAPSHOT = "2024-10-03T01-00Z";
  private static final String PREFIX = "sentinel-cogs/sentinel-cogs/";
  private static final int PARTS = 2;

  private BucketListing() {}

  /** Returns the text of NAIP's {@code manifest.txt}: one key per line, sorted. */
  static String naipManifest(List<NaipScene> scenes) {
    Set<String> keys = new TreeSet<>();
    for (NaipScene scene : scenes) {
      keys.add(scene.key());
      keys.add(scene.key() + ".aux.xml");
      keys.add(scene.key("rgb", ".tif"));
      keys.add(scene.key("rgbir", ".tif"));
      keys.add(scene.key("fgdc", ".txt"));
      keys.add(scene.surveyKey() + "/index/naip_index.shp");
    }
    return String.join("\n", keys) + "\nmanifest.txt\nreadme.html\n";
  }

  /**
   * Writes an S3 Inventory of {@code sentinel-cogs}.
   *
   * @param bucket local mirror of the bucket
   * @param inventory local mirror of the inventory bucket
   * @param modified modification time of all objects
   */
  static void writeInventory(Path bucket, Path inventory, Instant modified) throws IOException {
    List<List<String>> parts = new ArrayList<>();
    for (int i = 0; i < PARTS; i++) {
      parts.add(new ArrayList<>());
    }
    int row = 0;
    for (Map.Entry<String, Long> object : objects(bucket).entrySet()) {
      parts
          .get(row++ % PARTS)
          .add(
              "\"sentinel-cogs\",\"%s\",\"%d\",\"%s\""
                  .formatted(object.getKey(), object.getValue(), modified));
    }
    List<Map<String, Object>> files = new ArrayList<>();
    for (int i = 0; i < PARTS; i++) {
      String key = "%sdata/part-%04d.csv.gz".formatted(PREFIX, i);
      Path file = inventory.resolve(key);
      Files.createDirectories(file.getParent());
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        for (String line : parts.get(i)) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
      files.add(new TreeMap<>(Map.of("key", key, "size", Files.size(file))));
    }
    Map<String, Object> manifest = new TreeMap<>();
    manifest.put("sourceBucket", "sentinel-cogs");
    manifest.put("destinationBucket", "arn:aws:s3:::sentinel-cogs-inventory");
    manifest.put("version", "2016-11-30");
    manifest.put("creationTimestamp", Long.toString(modified.toEpochMilli()));
    manifest.put("fileFormat", "CSV");
    manifest.put("fileSchema", "Bucket, Key, Size, LastModifiedDate");
    manifest.put("files", files);
    Path file = inventory.resolve(PREFIX + SNAPSHOT + "/manifest.json");
    Files.createDirectories(file.getParent());
    Files.write(
        file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest));
  }

  /** Returns sizes by key: the mirror's objects, and some that only the real bucket contains. */
  private static Map<String, Long> objects(Path bucket) throws IOException {
    Map<String, Long> objects = new TreeMap<>();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(bucket)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      String key = bucket.relativize(file).toString();
      objects.put(key, Files.size(file));
      if (key.endsWith(".json")) {
        objects.put(key.substring(0, key.lastIndexOf('/')) + "/L2A_PVI.tif", 99_123L);
      }
    }
    String early = "S2A_31TCJ_20190105_0_L2A";
    objects.put("sentinel-s2-l2a-cogs/2019/%s/B03.tif".formatted(early), 37_371_794L);
    objects.put("sentinel-s2-l2a-cogs/2019/%1$s/%1$s.json".formatted(early), 12_345L);
    return objects;
  }
}

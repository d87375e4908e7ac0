package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class S3InventoryTest {
  private static final String MANIFEST = "s3://lists/inv/2024-10-03T01-00Z/manifest.json";

  private static String manifest(String schema, String... parts) {
    return """
    {"sourceBucket": "sentinel-cogs", "fileFormat": "CSV", "fileSchema": "%s", "files": [%s]}\
    """
        .formatted(
            schema,
            String.join(
                ",", Arrays.stream(parts).map(part -> "{\"key\": \"" + part + "\"}").toList()));
  }

  private static List<String> keys(S3Inventory inventory, String suffix) throws IOException {
    ConcurrentSkipListSet<String> keys = new ConcurrentSkipListSet<>();
    inventory.forEachKey(suffix, 2, keys::add);
    return List.copyOf(keys);
  }

  @Test
  void readsColumnsInTheOrderOfTheSchemaAndFilesRelativeToTheBucket() throws IOException {
    MemoryObjects objects =
        new MemoryObjects()
            .put(MANIFEST, manifest("Size, Key,Bucket", "inv/data/0.csv.gz", "inv/data/1.csv.gz"))
            .put(
                "s3://lists/inv/data/0.csv.gz",
                MemoryObjects.gzip("\"1\",\"a.json\",\"b\"\n\"2\",\"a.tif\",\"b\"\n"))
            .put("s3://lists/inv/data/1.csv.gz", MemoryObjects.gzip("3,c.json,b"));
    S3Inventory inventory = S3Inventory.open(objects, MANIFEST);

    assertThat(inventory.sourceBucket()).isEqualTo("sentinel-cogs");
    assertThat(keys(inventory, ".json")).containsExactly("a.json", "c.json");
    assertThat(inventory.forEachKey("", 1, key -> {})).isEqualTo(3);
  }

  @Test
  void decodesKeys() throws IOException {
    MemoryObjects objects =
        new MemoryObjects()
            .put(MANIFEST, manifest("Key", "p"))
            .put(
                "s3://lists/p",
                MemoryObjects.gzip("\"a+b%2Bc%2Fd%C3%A4.json\"\n\"e/%22f%22%2C.json\"\n"));

    assertThat(keys(S3Inventory.open(objects, MANIFEST), "json"))
        .containsExactly("a b+c/dä.json", "e/\"f\",.json");
  }

  @Test
  void skipsOldVersionsAndDeleteMarkers() throws IOException {
    MemoryObjects objects =
        new MemoryObjects()
            .put(MANIFEST, manifest("Key, IsLatest, IsDeleteMarker", "p"))
            .put(
                "s3://lists/p",
                MemoryObjects.gzip("a,true,false\nb,false,false\nc,true,true\nd,true,\n"));

    assertThat(keys(S3Inventory.open(objects, MANIFEST), "")).containsExactly("a", "d");
  }

  @Test
  void readsTheNewestSnapshotOfADirectory() throws IOException {
    MemoryObjects objects =
        new MemoryObjects()
            .put("s3://lists/inv/2024-09-03T01-00Z/manifest.json", manifest("Key"))
            .put(MANIFEST, manifest("Key"))
            .put("s3://lists/inv/data/x.csv.gz", "")
            .put("s3://lists/inv/hive/dt=2025-01-01-01-00/symlink.txt", "");

    assertThat(S3Inventory.open(objects, "s3://lists/inv").manifest()).isEqualTo(MANIFEST);
    assertThat(S3Inventory.open(objects, "s3://lists/inv/").manifest()).isEqualTo(MANIFEST);
    assertThatThrownBy(() -> S3Inventory.open(objects, "s3://lists/other/"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--inventory s3://lists/other/: expected a manifest.json");
  }

  @Test
  void rejectsOtherInventories() {
    assertRefused("nothing", null, "manifest.json not found");
    assertRefused("not JSON", "<xml/>", "not JSON");
    assertRefused(
        "another format",
        "{\"fileFormat\": \"ORC\", \"files\": []}",
        "fileFormat: expected CSV, found 'ORC'");
    assertRefused("no keys", manifest("Bucket, Size"), "expected a column Key");
  }

  private static void assertRefused(String why, String manifest, String message) {
    MemoryObjects objects = new MemoryObjects();
    if (manifest != null) {
      objects.put(MANIFEST, manifest);
    }
    assertThatThrownBy(() -> S3Inventory.open(objects, MANIFEST))
        .as(why)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--inventory " + MANIFEST)
        .hasMessageContaining(message);
  }

  @Test
  void errorsNameTheDamagedFile() throws IOException {
    byte[] part = MemoryObjects.gzip("a\n".repeat(1000));
    MemoryObjects objects =
        new MemoryObjects()
            .put(MANIFEST, manifest("Key", "0", "1"))
            .put("s3://lists/0", part)
            .put("s3://lists/1", Arrays.copyOf(part, part.length / 2));
    S3Inventory inventory = S3Inventory.open(objects, MANIFEST);
    assertThatThrownBy(() -> keys(inventory, ""))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--inventory s3://lists/1: damaged gzip");

    objects.put("s3://lists/1", MemoryObjects.gzip("a\nb,c\n"));
    assertThatThrownBy(() -> keys(inventory, ""))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--inventory s3://lists/1, row 2: expected 1 fields, found 2");

    objects.put(MANIFEST, manifest("Key", "0", "2"));
    assertThatThrownBy(() -> keys(S3Inventory.open(objects, MANIFEST), ""))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected a file s3://lists/2, found none");
  }

  @Test
  void errorOfTheReceiverIsRethrown() throws IOException {
    MemoryObjects objects =
        new MemoryObjects()
            .put(MANIFEST, manifest("Key", "0"))
            .put("s3://lists/0", MemoryObjects.gzip("a\n"));

    assertThatThrownBy(
            () ->
                S3Inventory.open(objects, MANIFEST)
                    .forEachKey(
                        "",
                        1,
                        key -> {
                          throw new IllegalStateException("full");
                        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("full");
  }
}

package dev.kiln.sample;

import static dev.kiln.gdal.global.gdal.GDALGetCacheMax64;
import static dev.kiln.gdal.global.gdal.GDALSetCacheMax64;

import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.gdal.Gdal;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/**
 * Synthetic archive in the layouts of the buckets {@code naip-analytic}, {@code sentinel-cogs} and
 * {@code sentinel-cogs-inventory}, with scene lists and a checkpoint of random weights: all inputs
 * of a run. The same options give the same bytes.
 *
 * <p>Scenes are painted in strips, so memory does not depend on their height. While a scene is
 * written, a temporary file next to it stores its pixels uncompressed.
 */
public final class SampleArchive {
  /** Directory of the local NAIP bucket. */
  public static final String NAIP = "naip-analytic";

  /** Directory of the local Sentinel-2 bucket. */
  public static final String SENTINEL_2 = "sentinel-cogs";

  /** Directory of the local Sentinel-2 inventory bucket. */
  public static final String INVENTORY = "sentinel-cogs-inventory";

  /** File name of the NAIP scene list. */
  public static final String NAIP_SCENES = "naip-scenes.txt.gz";

  /** File name of the Sentinel-2 scene list. */
  public static final String SENTINEL_2_SCENES = "sentinel-2-scenes.txt.gz";

  private static final String MARKER = "kiln-sample.json";
  private static final Instant LISTED = Instant.parse("2024-10-03T00:00:00.000Z");

  /** Rows per strip; even, and a whole number of tiles for most files. */
  private static final int STRIP = 512;

  /** Size of GDAL's block cache in bytes; GDAL's default depends on the machine. */
  private static final long BLOCK_CACHE = 128L << 20;

  private final Path root;
  private final SampleOptions options;
  private final Consumer<String> log;

  private SampleArchive(Path root, SampleOptions options, Consumer<String> log) {
    this.root = root;
    this.options = options;
    this.log = log;
  }

  /** Returns the file name of the checkpoint. */
  public static String checkpoint(Architecture model) {
    return "clay-%s-random.ckpt".formatted(model.name());
  }

  /** Returns the keys of the first NAIP scenes, in the order of {@link #NAIP_SCENES}. */
  public static List<String> naipKeys(int count) {
    return NaipScene.first(count).stream().map(NaipScene::key).toList();
  }

  /**
   * Writes a sample to a temporary directory and renames it.
   *
   * @param directory directory to create; must not exist or must be empty
   * @param options contents of the sample
   * @param overwrite whether to replace an older sample
   * @param log receives one line per object written
   * @throws ConfigurationException if the directory has other contents, or an option is out of
   *     range
   * @throws IOException if writing fails; nothing is left behind
   */
  public static void write(
      Path directory, SampleOptions options, boolean overwrite, Consumer<String> log)
      throws IOException {
    MarkedDirectory target = new MarkedDirectory(directory, MARKER);
    target.rejectForeign("an older sample");
    if (!target.isFree() && !overwrite) {
      throw new ConfigurationException(
          "directory %s: already contains a sample: use --overwrite or choose another directory"
              .formatted(directory));
    }
    List<NaipScene> naip = NaipScene.first(options.naipScenes());
    List<Sentinel2Scene> sentinel2 = Sentinel2Scene.first(options.sentinel2Scenes());
    boolean done = false;
    Gdal.load();
    long cache = GDALGetCacheMax64();
    GDALSetCacheMax64(BLOCK_CACHE);
    try {
      new SampleArchive(target.aside(), options, log).writeAll(naip, sentinel2);
      target.replace();
      done = true;
    } finally {
      GDALSetCacheMax64(cache);
      if (!done) {
        target.abandon();
      }
    }
  }

  /**
   * Checks the numbers of scenes.
   *
   * @param naip number of NAIP scenes
   * @param sentinel2 number of Sentinel-2 scenes
   * @throws ConfigurationException if there are fewer scenes to paint
   */
  public static void requireCounts(int naip, int sentinel2) {
    NaipScene.first(naip);
    Sentinel2Scene.first(sentinel2);
  }

  private void writeAll(List<NaipScene> naip, List<Sentinel2Scene> sentinel2) throws IOException {
    for (NaipScene scene : naip) {
      timed(NAIP + "/" + scene.key(), () -> writeNaip(scene));
    }
    Files.createDirectories(root.resolve(NAIP));
    Files.writeString(root.resolve(NAIP).resolve("manifest.txt"), BucketListing.naipManifest(naip));
    writeList(NAIP_SCENES, naip.stream().map(NaipScene::key).toList());

    for (Sentinel2Scene scene : sentinel2) {
      timed(SENTINEL_2 + "/" + scene.key(), () -> writeSentinel2(scene));
    }
    Files.createDirectories(root.resolve(SENTINEL_2));
    BucketListing.writeInventory(root.resolve(SENTINEL_2), root.resolve(INVENTORY), LISTED);
    writeList(SENTINEL_2_SCENES, sentinel2.stream().map(Sentinel2Scene::key).toList());

    String checkpoint = checkpoint(options.model());
    timed(
        checkpoint,
        () -> {
          new RandomCheckpoint(options.model(), DataType.FP32, options.seed(), 0)
              .write(root.resolve(checkpoint));
          return Files.size(root.resolve(checkpoint));
        });
    writeMarker();
  }

  private long writeNaip(NaipScene scene) throws IOException {
    Path file = root.resolve(NAIP).resolve(scene.key());
    Window grid = scene.window(options.size().naipWidth(), options.size().naipHeight());
    NaipPainter painter = new NaipPainter(scene, grid, options.seed());
    int bands = NaipPainter.BANDS.size();
    CogWriter.Layout layout =
        new CogWriter.Layout(
            bands, PixelType.UINT8, 512, false, scene.survey().alpha(), OptionalInt.empty());
    long bytes = (long) bands * grid.width() * Math.min(STRIP, grid.height());
    try (HostBuffer strip = HostBuffer.allocate("painted strip", bytes);
        CogWriter cog = new CogWriter(file, grid, scene.utm().epsgNad83(), layout)) {
      for (int row = 0; row < grid.height(); row += STRIP) {
        int rows = Math.min(STRIP, grid.height() - row);
        painter.paint(row, rows, strip);
        cog.write(row, rows, strip, 0);
      }
      cog.finish();
    }
    return Files.size(file);
  }

  private long writeSentinel2(Sentinel2Scene scene) throws IOException {
    Path bucket = root.resolve(SENTINEL_2);
    Window grid = scene.window(options.size().sentinel2());
    Sentinel2Painter painter = new Sentinel2Painter(scene, grid, options.seed());
    Map<Sentinel2Band, CogWriter> files = new EnumMap<>(Sentinel2Band.class);
    try (Sentinel2Strip strip =
        Sentinel2Strip.allocate(grid.width(), Math.min(STRIP, grid.height()))) {
      for (Sentinel2Band band : Sentinel2Band.values()) {
        files.put(band, begin(bucket, scene, band, grid));
      }
      for (int row = 0; row < grid.height(); row += STRIP) {
        int rows = Math.min(STRIP, grid.height() - row);
        painter.paint(row, rows, strip);
        for (Sentinel2Band band : Sentinel2Band.values()) {
          int repeat = band.repeat();
          files.get(band).write(row / repeat, rows / repeat, strip.pixels(), strip.offset(band));
        }
      }
      for (CogWriter file : files.values()) {
        file.finish();
      }
    } finally {
      for (CogWriter file : files.values()) {
        file.close();
      }
    }
    double clouds =
        painter.share(SceneClass.CLOUD_MEDIUM, SceneClass.CLOUD_HIGH, SceneClass.CIRRUS);
    double nodata = painter.share(SceneClass.NO_DATA);
    Files.write(bucket.resolve(scene.key()), Sentinel2Item.json(scene, grid, clouds, nodata));
    long bytes = 0;
    for (Sentinel2Band band : Sentinel2Band.values()) {
      bytes += Files.size(bucket.resolve(scene.key(band.file() + ".tif")));
    }
    return bytes;
  }

  private static CogWriter begin(Path bucket, Sentinel2Scene scene, Sentinel2Band band, Window grid)
      throws IOException {
    Window mine =
        new Window(
            grid.west(),
            grid.north(),
            band.metres(),
            grid.width() / band.repeat(),
            grid.height() / band.repeat());
    return new CogWriter(
        bucket.resolve(scene.key(band.file() + ".tif")),
        mine,
        scene.utm().epsgWgs84(),
        new CogWriter.Layout(1, band.type(), band.tile(), true, false, OptionalInt.of(0)));
  }

  private void writeList(String name, List<String> keys) throws IOException {
    try (SceneListFile list = SceneListFile.create("sample", root.resolve(name))) {
      for (String key : keys) {
        list.add(key);
      }
      list.commit();
    }
  }

  private void writeMarker() throws IOException {
    Map<String, Object> contents = new LinkedHashMap<>();
    contents.put("note", "synthetic imagery and random weights, written by kiln sample");
    contents.put("options", options);
    Files.write(
        root.resolve(MARKER),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(contents));
  }

  /** Writes an object and returns its size in bytes. */
  @FunctionalInterface
  private interface Writing {
    long run() throws IOException;
  }

  private void timed(String name, Writing writing) throws IOException {
    Instant start = Instant.now();
    long bytes = writing.run();
    double seconds = Duration.between(start, Instant.now()).toMillis() / 1e3;
    log.accept("%,10.1f MB %6.1f s  %s".formatted(bytes / 1e6, seconds, name));
  }
}

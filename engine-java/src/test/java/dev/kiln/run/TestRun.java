package dev.kiln.run;

import dev.kiln.archive.OutputKey;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.Encoder;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.FakeModel;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A small archive in a directory, NAIP by default, and runs over it. */
public final class TestRun {
  public static final Platform NAIP = PlatformCatalog.builtIn().get("naip");

  final Path source;
  Path out;
  final List<String> keys = new ArrayList<>();
  UnaryOperator<ObjectStore> wrapSource = store -> store;
  UnaryOperator<ObjectStore> wrapOut = store -> store;
  Platform platform = NAIP;
  ChipOptions chips = ChipOptions.defaults();
  int fetchThreads = 2;
  long fetchMemory = 1 << 28;
  int decodeThreads = 1;
  int inflateThreads = 1;
  int slots = 3;
  boolean overwrite;
  Duration stallLimit = Duration.ofMinutes(1);
  Embedder embedder;
  private final Path folder;

  TestRun(Path folder) {
    this.folder = folder;
    source = folder.resolve("source");
    out = folder.resolve("out");
  }

  RunOptions options() {
    return RunOptions.builder()
        .fetchThreads(fetchThreads)
        .fetchMemory(fetchMemory)
        .decodeThreads(decodeThreads)
        .inflateThreads(inflateThreads)
        .slots(slots)
        .overwrite(overwrite)
        .attempts(2)
        .stallLimit(stallLimit)
        .build();
  }

  /** A run over STAC items. */
  static TestRun of(String platform, Path folder) {
    TestRun test = new TestRun(folder);
    test.platform = PlatformCatalog.builtIn().get(platform);
    return test;
  }

  TestRun scene(StacScene scene) throws IOException {
    scene.write(source);
    keys.add(scene.key());
    return this;
  }

  static String key(int number, String resolution) {
    return "nd/2018/%s/rgbir_cog/47099/m_47099%02d_se_14_1_201807%02d.tif"
        .formatted(resolution, number, 1 + number % 28);
  }

  /** Adds a valid scene of 2 × 2 chips. */
  TestRun scene(int number) throws IOException {
    return scene(key(number, "100cm"), GeoTiffs.naip().size(600, 520).seed(number));
  }

  TestRun scene(String key, GeoTiffs file) throws IOException {
    file.write(source.resolve(key));
    keys.add(key);
    return this;
  }

  RunReport embed(Encoder encoder) throws IOException, InterruptedException {
    try (ObjectStore from = wrapSource.apply(ObjectStores.open(source.toString()));
        ObjectStore to = wrapOut.apply(ObjectStores.open(out.toString()))) {
      embedder = new Embedder();
      return embedder.embed(
          EmbedRequest.builder()
              .model(FakeModel.directory(folder.resolve("model"), platform), platform.name())
              .sceneKeys(keys)
              .source(from)
              .out(to)
              .chips(chips)
              .encoder(encoder)
              .run(options())
              .build());
    }
  }

  Path file(String key) {
    return out.resolve(OutputKey.of(key));
  }

  /** Returns every file in the output and its bytes, temporary files included. */
  Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    if (Files.isDirectory(out)) {
      try (Stream<Path> paths = Files.walk(out)) {
        for (Path path : paths.filter(Files::isRegularFile).toList()) {
          files.put(out.relativize(path).toString(), Files.readAllBytes(path));
        }
      }
    }
    return files;
  }
}

package dev.kiln.benchmarks;

import dev.kiln.export.Exporter;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The folder that benchmarks work in: a sample archive and a model, made on first use. The sample's
 * scenes are as large as real ones, or small ones for a quick run.
 *
 * @param directory that holds everything
 */
record Workplace(Path directory) {
  private static final Architecture MODEL = Architecture.named("tiny");
  private static final long SEED = 7;

  /** The folder that is used unless another is named. */
  static Workplace in(Path parent, boolean quick) {
    return new Workplace(parent.resolve(quick ? "small" : "full-size"));
  }

  /** One NAIP and one Sentinel-2 scene, and a checkpoint. */
  Path sample() throws IOException {
    Path sample = directory.resolve("sample");
    if (!Files.exists(sample)) {
      Files.createDirectories(directory);
      boolean small = directory.endsWith("small");
      SampleArchive.write(
          sample,
          new SampleOptions(small ? SampleSize.SMALL : SampleSize.FULL, 1, 1, MODEL, SEED),
          false,
          line -> System.err.println("sample: " + line.strip()));
    }
    return sample;
  }

  /** The sample's checkpoint, exported for both archives. */
  ModelDirectory model() throws IOException {
    Path model = directory.resolve("model");
    if (!Files.exists(model)) {
      PlatformCatalog catalog = PlatformCatalog.builtIn();
      Exporter.export(
          sample().resolve(SampleArchive.checkpoint(MODEL)),
          new Exporter.Options(
              List.of(catalog.get("naip"), catalog.get("sentinel-2-l2a")),
              List.of(256),
              false,
              false),
          model);
    }
    return ModelDirectory.open(model);
  }

  Path embeddings() {
    return directory.resolve("embeddings");
  }
}

package dev.kiln.benchmarks;

import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Working directory of the benchmarks: a sample archive and models, created on first use. The
 * scenes have the size of real ones, or are small for a quick run.
 *
 * @param directory parent of everything
 */
record Workplace(Path directory) {
  static final Architecture MODEL = Architecture.named("tiny");
  static final Architecture LARGE = Architecture.named("large");
  private static final long SEED = 7;

  /** Returns the default directory below a parent. */
  static Workplace in(Path parent, boolean quick) {
    return new Workplace(parent.resolve(quick ? "small" : "full-size"));
  }

  /** Returns whether scenes and models are small. */
  boolean small() {
    return directory.endsWith("small");
  }

  /** Returns a sample with one NAIP scene, one Sentinel-2 scene and a checkpoint. */
  Path sample() throws IOException {
    Path sample = directory.resolve("sample");
    if (!Files.exists(sample)) {
      Files.createDirectories(directory);
      SampleArchive.write(
          sample,
          new SampleOptions(small() ? SampleSize.SMALL : SampleSize.FULL, 1, 1, MODEL, SEED),
          false,
          line -> System.err.println("sample: " + line.strip()));
    }
    return sample;
  }

  /** Returns a small model. */
  ModelDirectory model() throws IOException {
    return model(MODEL);
  }

  /** Returns a model with random weights (1.25 GB if large), exported for both platforms. */
  ModelDirectory model(Architecture architecture) throws IOException {
    Path model = directory.resolve(architecture.name());
    if (!Files.exists(model)) {
      Files.createDirectories(directory);
      Path checkpoint = directory.resolve(architecture.name() + ".ckpt");
      new RandomCheckpoint(architecture, DataType.FP32, SEED, 0).write(checkpoint);
      PlatformCatalog catalog = PlatformCatalog.builtIn();
      Exporter.export(
          checkpoint,
          new Exporter.Options(
              List.of(catalog.get("naip"), catalog.get("sentinel-2-l2a")),
              List.of(256),
              false,
              false),
          model);
      Files.delete(checkpoint);
    }
    return ModelDirectory.open(model);
  }

  /** Returns a dataset to search: 100,000 rows, or 3,000 for a quick run. */
  SearchDataset searchDataset() throws IOException {
    int rows = Integer.getInteger("kiln.benchmarks.rows", small() ? 3000 : 100_000);
    return new SearchDataset(directory.resolve("search-" + rows), rows).create();
  }

  Path embeddings() {
    return directory.resolve("embeddings");
  }
}

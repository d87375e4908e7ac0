package dev.kiln.cli;

import dev.kiln.fetch.ModelCache;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A model, wherever it lies. */
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "URI",
      description = "Model that kiln export wrote: its folder, or a copy of it in a bucket.")
  private String model;

  @Option(
      names = "--model-cache",
      paramLabel = "DIR",
      defaultValue = "${java.io.tmpdir}/kiln-models",
      description = "Where a model from a bucket is kept, for this job and the next.")
  private Path cache;

  String uri() {
    return model;
  }

  ModelDirectory open(StoreOptions options) throws IOException {
    return ModelCache.open(model, options, cache);
  }
}

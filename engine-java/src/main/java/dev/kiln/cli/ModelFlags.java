package dev.kiln.cli;

import dev.kiln.fetch.ModelCache;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options for the model and its cache. */
@Heading.Under(Heading.INPUT)
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "URI",
      description = "Model directory written by kiln export, or its copy in a bucket.")
  private String model;

  @Option(
      names = "--model-cache",
      paramLabel = "DIR",
      description =
          "Directory that caches models from buckets (default: kiln/models in $XDG_CACHE_HOME or"
              + " ~/.cache).")
  @Heading.Under(Heading.S3)
  private Path cache;

  /** Returns the value of {@code --model}. */
  String uri() {
    return model;
  }

  /** Opens the model; one in a bucket is fetched into the cache first. */
  ModelDirectory open(StoreOptions options) throws IOException {
    return ModelCache.open(model, options, cache == null ? ModelCache.ofUser() : cache);
  }
}

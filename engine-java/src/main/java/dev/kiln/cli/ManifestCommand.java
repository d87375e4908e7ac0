package dev.kiln.cli;

import dev.kiln.archive.ObjectSource;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kiln manifest}: writes the list of scenes to embed. */
@Command(
    name = "manifest",
    description = "Write the list of scenes to embed, one key per line.",
    subcommands = {
      ManifestNaipCommand.class,
      ManifestSentinel2Command.class,
      ManifestStacCommand.class,
      ManifestFilesCommand.class
    })
public final class ManifestCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin private S3Flags s3Flags;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "manifest: expected naip, sentinel-2, stac or files");
  }

  /** Returns how stores are reached. */
  StoreOptions storeOptions() {
    return s3Flags.source();
  }

  /** Returns which web servers are read besides the one that is named. */
  SourceRules rules() {
    return s3Flags.rules();
  }

  /** Returns the source of {@code --manifest}, {@code --inventory} and {@code --aoi}. */
  ObjectSource objects() {
    StoreOptions options = s3Flags.source();
    return new ObjectSource() {
      @Override
      public InputStream open(String uri) throws IOException {
        return ObjectStores.stream(uri, options);
      }

      @Override
      public List<String> list(String uri) throws IOException {
        return ObjectStores.list(uri, options);
      }
    };
  }
}

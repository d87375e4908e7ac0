package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.ObjectSource;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
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
      ManifestStacCommand.class
    })
public final class ManifestCommand implements Runnable {
  private static final String STANDARD_OUTPUT = "-";

  @Spec private CommandSpec spec;
  @Mixin private S3Flags s3Flags;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "manifest: expected naip, sentinel-2 or stac");
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

  /** Creates the file of {@code --out}. */
  static SceneListFile create(String out) {
    if (out.equals(STANDARD_OUTPUT)) {
      return SceneListFile.to(System.out);
    }
    if (out.contains("://")) {
      throw new ConfigurationException(
          "--out " + out + ": expected a local file; write one and copy it to the bucket");
    }
    return SceneListFile.create("--out", Path.of(out));
  }

  /** Returns where to print: standard output belongs to the list if it is written there. */
  static PrintWriter print(CommandSpec command, String out) {
    return out.equals(STANDARD_OUTPUT)
        ? command.commandLine().getErr()
        : command.commandLine().getOut();
  }

  /** Prints how many entries were kept, and how many were skipped for which reason. */
  static void report(CommandSpec command, String out, ListingStats tally) {
    PrintWriter print = print(command, out);
    print.printf("%s: %,d scenes of %,d entries%n", out, tally.kept(), tally.total());
    tally.skipped().forEach((reason, entries) -> print.printf("%,14d  %s%n", entries, reason));
    print.flush();
  }
}

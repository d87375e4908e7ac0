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

/** {@code kiln manifest}: writes the list of scenes that a run embeds. */
@Command(
    name = "manifest",
    description = "Write the list of scenes to embed, one key a line.",
    subcommands = {
      ManifestNaipCommand.class,
      ManifestSentinel2Command.class,
      ManifestStacCommand.class
    },
    synopsisSubcommandLabel = "(naip | sentinel-2 | stac)",
    mixinStandardHelpOptions = true)
public final class ManifestCommand implements Runnable {
  @Spec private CommandSpec spec;
  @Mixin private StoreFlags storeFlags;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "manifest: expected naip, sentinel-2 or stac");
  }

  /** How {@code --manifest}, {@code --inventory} and {@code --aoi} are opened. */
  ObjectSource objects() {
    StoreOptions options = storeFlags.source();
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

  /** Begins the file of {@code -o}. */
  static SceneListFile create(String out) {
    if (out.contains("://")) {
      throw new ConfigurationException(
          "-o " + out + ": expected a local file; write one and copy it there");
    }
    return SceneListFile.create("-o", Path.of(out));
  }

  /** Prints what was kept and what was left out, and why. */
  static void report(CommandSpec command, String out, ListingStats tally) {
    PrintWriter print = command.commandLine().getOut();
    print.printf("%s: %,d scenes of %,d entries%n", out, tally.kept(), tally.total());
    tally.skipped().forEach((reason, entries) -> print.printf("%,14d  %s%n", entries, reason));
    print.flush();
  }
}

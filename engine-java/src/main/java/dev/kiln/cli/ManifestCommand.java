package dev.kiln.cli;

import dev.kiln.archive.ObjectSource;
import dev.kiln.archive.SceneListFile;
import dev.kiln.archive.Tally;
import dev.kiln.fault.ConfigurationFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
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
  /** How {@code --manifest}, {@code --inventory} and {@code --aoi} are opened. */
  private final ObjectSource objects;

  @Spec private CommandSpec spec;

  public ManifestCommand() {
    this(new LocalFiles());
  }

  ManifestCommand(ObjectSource objects) {
    this.objects = objects;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "manifest: expected naip, sentinel-2 or stac");
  }

  ObjectSource objects() {
    return objects;
  }

  /** Begins the file of {@code -o}. */
  static SceneListFile create(String out) {
    if (out.contains("://")) {
      throw new ConfigurationFault(
          "-o " + out + ": expected a local file; write one and copy it there");
    }
    return SceneListFile.create("-o", Path.of(out));
  }

  /** Prints what was kept and what was left out, and why. */
  static void report(CommandSpec command, String out, Tally tally) {
    PrintWriter print = command.commandLine().getOut();
    print.printf("%s: %,d scenes of %,d entries%n", out, tally.kept(), tally.total());
    tally.skipped().forEach((reason, entries) -> print.printf("%,14d  %s%n", entries, reason));
    print.flush();
  }

  private static final class LocalFiles implements ObjectSource {
    @Override
    public InputStream open(String uri) throws IOException {
      return Files.newInputStream(local(uri));
    }

    @Override
    public List<String> list(String uri) throws IOException {
      Path folder = local(uri);
      if (!Files.isDirectory(folder)) {
        return List.of();
      }
      try (Stream<Path> entries = Files.list(folder)) {
        return entries.map(entry -> entry.getFileName().toString()).toList();
      }
    }

    private static Path local(String uri) {
      if (uri.contains("://") && !uri.startsWith("file:")) {
        throw new ConfigurationFault(uri + ": expected a local file");
      }
      return uri.startsWith("file:") ? Path.of(URI.create(uri)) : Path.of(uri);
    }
  }
}

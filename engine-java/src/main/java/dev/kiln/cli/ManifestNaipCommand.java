package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.NaipManifest;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code kiln manifest naip}: selects scenes from the manifest of the NAIP bucket. */
@Command(
    name = "naip",
    description = "Select NAIP scenes from the manifest of the bucket.",
    footer = {
      "",
      "Example:",
      "  kiln manifest naip --state nd,ca --year 2016..2020 --resolution 60cm \\",
      "      -o scenes.txt.gz"
    })
public final class ManifestNaipCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;
  @Spec private CommandSpec spec;

  @Option(
      names = "--manifest",
      paramLabel = "URI",
      defaultValue = "s3://naip-analytic/manifest.txt",
      description =
          "List of the objects in the bucket, plain or gzip (default: ${DEFAULT-VALUE}, a"
              + " requester-pays bucket).")
  private String manifest;

  @Option(
      names = "--state",
      paramLabel = "STATE,…",
      description = "Only these states, as two-letter codes.")
  private String states;

  @Option(
      names = "--year",
      paramLabel = "YEAR,…",
      description = "Only these survey years or ranges, such as 2018 or 2016..2020.")
  private String years;

  @Option(
      names = "--resolution",
      paramLabel = "SIZE,…",
      description = "Only these resolutions, such as 60cm,100cm.")
  private String resolutions;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      required = true,
      description = "Scene list to write, compressed if it ends in .gz; - is standard output.")
  private String out;

  @Override
  public Integer call() throws IOException {
    NaipManifest wanted = OptionException.parse(() -> NaipManifest.of(states, years, resolutions));
    try (SceneListFile list = ManifestCommand.create(out)) {
      ListingStats tally =
          wanted.select("--manifest " + manifest, parent.objects().open(manifest), list::add);
      list.commit();
      ManifestCommand.report(spec, out, tally);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--manifest " + manifest + ": no such file", e);
    }
    return 0;
  }
}

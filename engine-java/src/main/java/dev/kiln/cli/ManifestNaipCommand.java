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

/** {@code kiln manifest naip}: the scenes in the NAIP bucket's own list. */
@Command(
    name = "naip",
    description = "List NAIP scenes from the bucket's manifest.txt.",
    footer = {
      "",
      "Example:",
      "  kiln manifest naip --state nd,ca --year 2016..2020 --resolution 60cm \\",
      "      -o scenes.txt.gz"
    },
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class ManifestNaipCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;
  @Spec private CommandSpec spec;

  @Option(
      names = "--manifest",
      paramLabel = "URI",
      defaultValue = "s3://naip-analytic/manifest.txt",
      description =
          "The bucket's list of its objects, plain or gzip (the bucket is requester pays).")
  private String manifest;

  @Option(
      names = "--state",
      paramLabel = "S,…",
      defaultValue = "${env:LIMIT_TO_STATE}",
      description = "Only these states, two letters each.")
  private String states;

  @Option(
      names = "--year",
      paramLabel = "Y,…",
      description = "Only these survey years: 2018, 2016..2020, or several behind commas.")
  private String years;

  @Option(
      names = "--resolution",
      paramLabel = "R,…",
      description = "Only these resolutions, such as 60cm,100cm.")
  private String resolutions;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "The list to write; gzip if it ends in .gz.")
  private String out;

  @Override
  public Integer call() throws IOException {
    NaipManifest wanted = NaipManifest.of(states, years, resolutions);
    try (SceneListFile list = ManifestCommand.create(out)) {
      ListingStats tally =
          wanted.select("--manifest " + manifest, parent.objects().open(manifest), list::add);
      list.commit();
      ManifestCommand.report(spec, out, tally);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--manifest " + manifest + ": there is no such file", e);
    }
    return 0;
  }
}

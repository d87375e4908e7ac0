package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.NaipManifest;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

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

  @Mixin private SceneListFlags output;

  @Override
  public Integer call() throws IOException {
    NaipManifest wanted = OptionException.parse(() -> NaipManifest.of(states, years, resolutions));
    try (SceneListFile list = output.create()) {
      ListingStats tally =
          wanted.select("--manifest " + manifest, parent.objects().open(manifest), list::add);
      list.commit();
      output.report(tally);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--manifest " + manifest + ": no such file", e);
    }
    return 0;
  }
}

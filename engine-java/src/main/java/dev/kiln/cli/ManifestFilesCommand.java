package dev.kiln.cli;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.SceneListFile;
import dev.kiln.error.Count;
import dev.kiln.run.ImageFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code kiln manifest files}: lists plain GeoTIFFs. */
@Command(
    name = "files",
    description = "List the GeoTIFFs in a directory or bucket, in any layout.",
    footer = {
      "",
      "Example:",
      "  kiln manifest files orthophotos -o scenes.txt.gz",
      "  kiln embed linz --scenes scenes.txt.gz --source orthophotos --model model --out vectors"
    })
public final class ManifestFilesCommand implements Callable<Integer> {
  @ParentCommand private ManifestCommand parent;

  @Parameters(
      paramLabel = "DIR",
      description = "Directory, or URI of a bucket or prefix; directories below it are included.")
  private String directory;

  @Option(
      names = "--no-check",
      description = "List the names only; do not read the header of each file.")
  private boolean unchecked;

  @Mixin private SceneListFlags output;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ListingStats stats = new ListingStats();
    ImageFiles files = ImageFiles.in(directory, parent.storeOptions(), stats);
    ImageFiles.Checked checked =
        unchecked
            ? new ImageFiles.Checked(files.keys(), 0)
            : files.check(parent.storeOptions(), stats);
    List<String> keys = checked.readable();
    try (SceneListFile list = output.create()) {
      for (String key : keys) {
        list.add(key);
        stats.keep();
      }
      list.commit();
    }
    output.report(stats);
    PrintWriter print = output.print();
    if (checked.undated() > 0) {
      print.printf(
          "%s without a date in name or header: embed with --datetime or --date-pattern%n",
          Count.of(checked.undated(), "file"));
    }
    print.printf("keys are relative to %s; embed with that --source%n", directory);
    print.flush();
    return 0;
  }
}

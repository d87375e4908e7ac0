package dev.kiln.cli;

import dev.kiln.dataset.ReadErrors;
import dev.kiln.dataset.StoredFile;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.inspect.Inspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln inspect}: describes a file of embeddings. */
@Command(
    name = "inspect",
    description = "Print schema, rows, footer and vector statistics of a file of embeddings.",
    footer = {
      "",
      "Example:",
      "  kiln inspect out/nd/2018/100cm/scene.parquet --json",
      "  kiln inspect s3://my-bucket/clay/nd/2018/100cm/scene.parquet"
    })
public final class InspectCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "FILE",
      description =
          "GeoParquet file written by Kiln, or a published one, also in a bucket or on a web"
              + " server.")
  private String file;

  @Option(names = "--json", description = "Print JSON, with the footer values in full.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!ObjectStores.isRemote(file)) {
      print(Inspection.of(ObjectStores.localPath(file)));
      return 0;
    }
    try (StoredFile stored = new StoredFile(file, s3Flags.source())) {
      print(Inspection.of(stored.file()));
    } catch (ConfigurationException e) {
      // Readers report what the store says as the fault of the file.
      ReadErrors.requireOfTheFile(e);
      throw e;
    }
    return 0;
  }

  private void print(Inspection inspection) {
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? inspection.json() + System.lineSeparator() : inspection.text());
    out.flush();
  }
}

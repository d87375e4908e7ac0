package dev.kiln.cli;

import dev.kiln.inspect.Inspection;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln inspect}: describes a file of embeddings. */
@Command(
    name = "inspect",
    description = "Print schema, rows, footer and vector statistics of a file of embeddings.",
    footer = {"", "Example:", "  kiln inspect out/nd/2018/100cm/scene.parquet --json"})
public final class InspectCommand implements Runnable {
  @Parameters(
      paramLabel = "FILE",
      description = "GeoParquet file written by Kiln, or a published one.")
  private Path file;

  @Option(names = "--json", description = "Print JSON, with the footer values in full.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    Inspection inspection = Inspection.of(file);
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? inspection.json() + System.lineSeparator() : inspection.text());
    out.flush();
  }
}

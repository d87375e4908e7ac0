package dev.kiln.cli;

import dev.kiln.search.ResultFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/** Options that choose where the result of a search is written, and how. */
@Heading.Under(Heading.OUTPUT)
final class SearchOutputFlags {
  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description =
          "File to write: .geojson, .parquet (GeoParquet), .json or .txt; - is standard output"
              + " (default: standard output).")
  private String out;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "table, json, geojson or geoparquet (default: by the suffix of -o, else table).")
  private ResultFormat format;

  /** Returns the format of the result, checked. */
  ResultFormat format() {
    if ("-".equals(out)) {
      out = null;
    }
    if (out != null && out.contains("://")) {
      throw new OptionException("--out " + out + ": expected a local file, found a URI");
    }
    if (format != null) {
      if (format == ResultFormat.GEOPARQUET && out == null) {
        throw new OptionException("--format geoparquet: expected a file to write, -o, found none");
      }
      return format;
    }
    if (out == null) {
      return ResultFormat.TABLE;
    }
    return ResultFormat.ofName(out)
        .orElseThrow(
            () ->
                new OptionException(
                    "--out "
                        + out
                        + ": expected a name that ends in .geojson, .parquet, .json or .txt: set"
                        + " --format"));
  }

  /**
   * Writes a result to the file, or prints it.
   *
   * @param bytes of the result
   * @param written its format
   * @param standard output
   * @param errors receives a note of the file
   */
  void write(byte[] bytes, ResultFormat written, PrintWriter standard, PrintWriter errors)
      throws IOException {
    if (out == null) {
      standard.print(new String(bytes, StandardCharsets.UTF_8));
      standard.flush();
      return;
    }
    OutputFile.write("--out", Path.of(out), bytes);
    errors.printf("%s: written as %s%n", out, written.name().toLowerCase(Locale.ROOT));
  }
}

package dev.kiln.cli;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.FileFault;
import dev.kiln.error.Count;
import dev.kiln.error.ExitCode;
import dev.kiln.picture.ChipReading;
import dev.kiln.picture.MapPicture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln map}: draws a dataset as a picture. */
@Command(
    name = "map",
    description =
        "Draw the chips of a dataset on a map, in colours that show which vectors are similar.",
    footer = {
      "",
      "Red, green and blue are the three principal components of the vectors: chips with similar",
      "vectors have similar colours. Areas that are far apart are drawn in panels of their own.",
      "",
      "Example:",
      "  kiln map embeddings -o map.png"
    })
public final class MapCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(MapCommand.class);

  private static final String STANDARD_OUTPUT = "-";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATASET",
      description = "Output of kiln embed or kiln merge: a directory, a bucket or one file.")
  private String dataset;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FILE",
      description = "PNG file to write; - is standard output.")
  @Heading.Under(Heading.OUTPUT)
  private String out;

  @Option(
      names = "--size",
      paramLabel = "PX",
      defaultValue = "2048",
      description = "Longer edge of the picture in pixels (default: ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.OUTPUT)
  private int size;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (size < MapPicture.SMALLEST || size > MapPicture.LARGEST) {
      throw new OptionException(
          "--size: expected %d to %d, found %d"
              .formatted(MapPicture.SMALLEST, MapPicture.LARGEST, size));
    }
    if (out.contains("://")) {
      throw new OptionException("--out " + out + ": expected a local file, found a URI");
    }
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset, s3Flags.source())) {
      ChipReading reading = ChipReading.of(files);
      warn(reading);
      MapPicture picture = MapPicture.of(reading.chips(), size);
      if (picture.areasLeftOut() > 0) {
        log.warn(
            "map: the picture has no panel for the smallest areas: drawn={} left_out={}",
            picture.panels(),
            picture.areasLeftOut());
      }
      write(picture.png());
      // Standard output belongs to the picture if it is written there.
      PrintWriter notes =
          out.equals(STANDARD_OUTPUT) ? spec.commandLine().getErr() : spec.commandLine().getOut();
      notes.printf(
          "%s: %s, %d × %d px%s%n",
          out,
          Count.of(reading.chips().size(), "chip"),
          picture.width(),
          picture.height(),
          picture.panels() > 1 ? ", " + Count.of(picture.panels(), "area") : "");
      notes.flush();
      return (reading.report().faults().isEmpty() ? ExitCode.DONE : ExitCode.SCENES_FAILED).code();
    }
  }

  private void write(byte[] png) throws IOException {
    if (out.equals(STANDARD_OUTPUT)) {
      System.out.write(png);
      System.out.flush();
    } else {
      OutputFile.write("--out", Path.of(out), png);
    }
  }

  /** Logs what a picture or page does not show. */
  static void warn(ChipReading reading) {
    for (FileFault fault : reading.report().faults()) {
      log.warn("left out: {}", fault.reason());
    }
    if (reading.report().notFinite() > 0) {
      log.warn(
          "left out chips whose vector is missing or not finite: chips={}",
          reading.report().notFinite());
    }
    if (reading.withoutFootprint() > 0) {
      log.warn(
          "left out chips whose footprint cannot be read: chips={}", reading.withoutFootprint());
    }
  }
}

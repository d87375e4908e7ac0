package dev.kiln.picture;

import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.ReadReport;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Count;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.util.EnumSet;

/**
 * The chips of a dataset and how their colours were made.
 *
 * @param chips all chips with a vector and a footprint; at least one
 * @param colors colours of their vectors
 * @param report what was read, with the files that could not be
 * @param withoutFootprint number of chips that were left out because their footprint cannot be read
 */
public record ChipReading(
    ColoredChips chips, VectorColors colors, ReadReport report, long withoutFootprint) {

  /**
   * Reads a dataset twice: for a sample of its vectors, which determines the colours, and for the
   * chips. Damaged files are left out and named in the report.
   *
   * @param files borrowed
   * @throws ConfigurationException if there is no chip, or if vectors of different models are mixed
   * @throws IOException if reading fails
   */
  public static ChipReading of(EmbeddingFiles files) throws IOException, InterruptedException {
    VectorColors colors = colors(files);
    ColoredChips.Builder chips = new ColoredChips.Builder();
    ReadReport report =
        EmbeddingReader.builder(files)
            .columns(
                EnumSet.of(
                    Column.IDS, Column.DATETIME, Column.FOOTPRINT, Column.SHARES, Column.VECTOR))
            .build()
            .read(batch -> chips.add(batch, colors));
    ColoredChips built = chips.build();
    if (built.size() == 0) {
      throw new ConfigurationException(
          Mismatch.of(files.uri(), "chips with footprints", "none: see kiln inspect"));
    }
    return new ChipReading(built, colors, report, chips.withoutFootprint());
  }

  private static VectorColors colors(EmbeddingFiles files)
      throws IOException, InterruptedException {
    VectorSample[] sample = new VectorSample[1];
    int[] dim = new int[1];
    ReadReport report =
        EmbeddingReader.builder(files)
            .columns(EnumSet.of(Column.VECTOR))
            .build()
            .read(
                batch -> {
                  if (sample[0] == null) {
                    dim[0] = batch.dim();
                    sample[0] = new VectorSample(VectorColors.SAMPLE, batch.dim());
                  }
                  for (int i = 0; i < batch.size(); i++) {
                    sample[0].offer(batch.vectors(), i * batch.dim());
                  }
                });
    if (sample[0] == null || sample[0].count() == 0) {
      throw new ConfigurationException(
          files.uri()
              + ": expected at least one chip, found "
              + (report.faults().isEmpty()
                  ? Count.of(report.files(), "file") + " without any"
                  : "none: " + report.faults().get(0).reason()));
    }
    return VectorColors.of(sample[0], dim[0]);
  }
}

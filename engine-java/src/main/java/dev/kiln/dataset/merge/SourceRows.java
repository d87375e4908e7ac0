package dev.kiln.dataset.merge;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.RowBlock;
import dev.kiln.sink.RowFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the rows of sources, one row group at a time, and checks what a merge relies on. */
final class SourceRows {
  private final List<EmbeddingFiles> roots;

  /**
   * Creates a reader.
   *
   * @param roots borrowed
   */
  SourceRows(List<EmbeddingFiles> roots) {
    this.roots = roots;
  }

  /** Takes the rows of a row group. */
  interface Use {
    /**
     * Takes rows.
     *
     * @param places of the rows
     */
    void accept(RowBlock block, List<Place> places) throws IOException;
  }

  /**
   * Reads all rows of a source. Row groups before a damaged one have been delivered.
   *
   * @param vectors whether lists are read, too
   * @return why the file cannot be read, in one line; empty if all of it was
   * @throws IOException from {@code use}, or if the store cannot be reached
   */
  Optional<String> read(Source source, boolean vectors, Use use)
      throws IOException, InterruptedException {
    ParquetBytes opened;
    try {
      opened = roots.get(source.root()).open(source.file());
    } catch (IOException e) {
      return Optional.of(reason(e));
    }
    try (ParquetBytes bytes = opened) {
      ParquetBytes parts;
      RowFile file;
      try {
        parts = vectors ? new SmallFile(bytes) : bytes;
        file = RowFile.open(parts);
      } catch (IOException | RuntimeException e) {
        return Optional.of(reason(e));
      }
      if (!file.footerHash().equals(source.footerHash())) {
        return Optional.of("the file changed while it was merged: merge again");
      }
      for (int g = 0; g < file.rowGroups(); g++) {
        RowBlock block;
        List<Place> places;
        try {
          block = file.read(g, parts, path -> vectors || !path.contains(".list."));
          places = Place.of(block);
          requireIds(block);
        } catch (IOException | RuntimeException e) {
          // Decoders of damaged pages fail in many ways.
          return Optional.of("row group %d: %s".formatted(g, reason(e)));
        }
        use.accept(block, places);
      }
    }
    return Optional.empty();
  }

  /** A zero ends the id in a record of the sort. */
  private static void requireIds(RowBlock block) throws IOException {
    for (int row = 0; row < block.rows(); row++) {
      for (byte b : block.bytes("chip_id", row)) {
        if (b == 0) {
          throw new IOException(
              "row %d: expected a chip_id of characters, found a zero byte".formatted(row));
        }
      }
    }
  }

  /** Returns the longitude and latitude of the centre of every row of an open file. */
  static List<double[]> centres(RowFile file, ParquetBytes bytes) throws IOException {
    List<double[]> centres = new ArrayList<>();
    for (int g = 0; g < file.rowGroups(); g++) {
      RowBlock block =
          file.read(g, bytes, path -> path.startsWith("bbox.") || path.equals("geometry"));
      for (Place place : Place.of(block)) {
        centres.add(new double[] {place.lon(), place.lat()});
      }
    }
    return List.copyOf(centres);
  }

  private static String reason(Exception e) throws IOException, InterruptedException {
    ReadErrors.requireOfTheFile(e);
    return ReadErrors.reason(e);
  }
}

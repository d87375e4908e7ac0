package dev.kiln.testing;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Files of embeddings with given vectors at given places. */
public final class ChipFiles {
  private ChipFiles() {}

  /**
   * A scene with chips on a grid of degrees.
   *
   * @param name item id, and name of the file without suffix
   * @param datetime when it was acquired
   * @param west western edge of the grid
   * @param north northern edge of the grid
   * @param step edge of a chip in degrees
   * @param columns number of chips in a row
   * @param platform name of the platform
   * @param cloud share of cloud of every chip
   */
  public record Grid(
      String name,
      String datetime,
      double west,
      double north,
      double step,
      int columns,
      String platform,
      float cloud) {

    /** Creates a scene of NAIP without cloud. */
    public Grid(String name, String datetime, double west, double north, double step, int columns) {
      this(name, datetime, west, north, step, columns, "naip", 0);
    }
  }

  /**
   * Writes a file.
   *
   * @param directory output
   * @param vectors of the chips, row by row from the north-west
   */
  public static Path write(Path directory, Grid grid, float[]... vectors) throws IOException {
    return write(directory, grid, "sha256:0f1e", vectors);
  }

  /** Writes a file of a model. */
  public static Path write(Path directory, Grid grid, String modelHash, float[]... vectors)
      throws IOException {
    int dim = vectors.length == 0 ? 2 : vectors[0].length;
    float[] all = new float[vectors.length * dim];
    List<Chip> chips = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      System.arraycopy(vectors[i], 0, all, i * dim, dim);
      int x = i % grid.columns;
      int y = i / grid.columns;
      double west = grid.west + x * grid.step;
      double north = grid.north - y * grid.step;
      double east = turned(west + grid.step);
      double south = north - grid.step;
      chips.add(
          new Chip(
              x,
              y,
              grid.cloud,
              0,
              new Footprint(
                  new double[] {east, turned(west), turned(west), east},
                  new double[] {north, north, south, south})));
    }
    SceneTable table =
        new SceneTable(
            new SceneInfo(
                grid.name,
                grid.platform,
                Instant.parse(grid.datetime + "T12:00:00Z"),
                1,
                "s3://bucket/" + grid.name + ".tif",
                256,
                dim),
            chips,
            all);
    return write(directory.resolve(grid.name + ".parquet"), table, modelHash);
  }

  /** Writes a table. */
  public static Path write(Path file, SceneTable table, String modelHash) throws IOException {
    Provenance provenance =
        new Provenance("0.1.0", modelHash, "micro", "cpu", DataType.FP32, Map.of());
    Files.createDirectories(file.getParent());
    return Files.write(file, GeoParquetWriter.toBytes(table, provenance));
  }

  private static double turned(double lon) {
    return lon > 180 ? lon - 360 : lon;
  }
}

package dev.kiln.dataset.merge;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.ParquetBytes;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.RowBlock;
import dev.kiln.sink.RowFile;
import dev.kiln.sink.RowFileWriter;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.locationtech.jts.geom.Envelope;

/** Made-up output of {@code kiln embed}. */
final class Outputs {
  static final Provenance PROVENANCE =
      new Provenance(
          "0.2.0",
          "3f1e0123456789abcdef",
          "tiny",
          "onednn",
          DataType.FP32,
          Map.of("location-order", "trained"));

  private Outputs() {}

  /** A scene, to be changed before it is written. */
  static final class Scene {
    private String id = "scene";
    private String platform = "naip";
    private Instant datetime = Instant.parse("2020-07-16T12:00:00Z");
    private double west = -99.3;
    private double north = 47.2;
    private double edge = 0.01;
    private int columns = 5;
    private int rows = 4;
    private int dim = 8;
    private float cloud;
    private long seed = 1;
    private float[] vectors;

    Scene id(String value) {
      id = value;
      seed = value.hashCode();
      return this;
    }

    Scene platform(String value) {
      platform = value;
      return this;
    }

    Scene datetime(String value) {
      datetime = Instant.parse(value);
      return this;
    }

    Scene at(double lon, double lat) {
      west = lon;
      north = lat;
      return this;
    }

    Scene edge(double degrees) {
      edge = degrees;
      return this;
    }

    Scene size(int chipColumns, int chipRows) {
      columns = chipColumns;
      rows = chipRows;
      return this;
    }

    Scene dim(int value) {
      dim = value;
      return this;
    }

    Scene cloud(float share) {
      cloud = share;
      return this;
    }

    /** Sets a value of the first chip's vector. */
    Scene value(float value) {
      vectors = random();
      vectors[3] = value;
      return this;
    }

    private float[] random() {
      Random random = new Random(seed);
      float[] values = new float[columns * rows * dim];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }

    SceneTable table() {
      List<Chip> chips = new ArrayList<>();
      for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
          double left = west + x * edge;
          double top = north - y * edge;
          chips.add(
              new Chip(
                  x,
                  y,
                  cloud,
                  0,
                  new Footprint(
                      new double[] {left + edge, left, left, left + edge},
                      new double[] {top, top, top - edge, top - edge})));
        }
      }
      return new SceneTable(
          new SceneInfo(id, platform, datetime, 0.6, "s3://archive/" + id + ".tif", 256, dim),
          chips,
          vectors == null ? random() : vectors);
    }

    Path write(Path out) throws IOException {
      return write(out, PROVENANCE);
    }

    Path write(Path out, Provenance provenance) throws IOException {
      Path file = out.resolve(platform).resolve(id + ".parquet");
      Files.createDirectories(file.getParent());
      return Files.write(file, GeoParquetWriter.toBytes(table(), provenance));
    }
  }

  static Scene scene(String id) {
    return new Scene().id(id);
  }

  /** Writes scenes of two platforms and three years on both sides of several cells. */
  static void write(Path out) throws IOException {
    for (int i = 0; i < 9; i++) {
      scene("naip-" + i)
          .at(-100.12 + i % 3 * 0.06, 47.1 - i / 3 * 0.05)
          .size(7, 6)
          .datetime("20%d-07-16T12:00:00Z".formatted(18 + i % 2 * 2))
          .write(out);
    }
    for (int date = 1; date <= 4; date++) {
      scene("s2-" + date)
          .platform("sentinel-2-l2a")
          .at(-100.2, 47.3)
          .edge(0.03)
          .size(10, 10)
          .cloud(date / 10f)
          .datetime("2021-0%d-03T17:20:11.024Z".formatted(date))
          .write(out);
    }
    scene("nothing").size(0, 0).write(out);
  }

  /** Changes the packed rows of a file. */
  interface RowChange {
    /** Changes one row, little-endian, in place. */
    void apply(int number, byte[] row);
  }

  /** Writes a file of one row group again, with changed rows and key-value pairs. */
  static void rewrite(Path file, RowChange change, Map<String, String> keys) throws IOException {
    byte[] copy = Files.readAllBytes(file);
    Path whole = Files.write(file.resolveSibling("_whole"), copy);
    try (ParquetBytes bytes = ParquetBytes.open(whole)) {
      RowFile from = RowFile.open(bytes);
      RowBlock block = from.read(0, bytes, path -> true);
      Map<String, String> footer = new TreeMap<>(from.footer());
      footer.remove("geo");
      footer.putAll(keys);
      try (RowFileWriter to = new RowFileWriter(file, from.schema())) {
        for (int row = 0; row < block.rows(); row++) {
          ByteBuffer packed = ByteBuffer.allocate(block.packedBytes(row));
          block.pack(row, packed.order(ByteOrder.LITTLE_ENDIAN));
          change.apply(row, packed.array());
          to.add(packed.flip());
        }
        to.finish(Set.of("Polygon"), new Envelope(), footer);
      }
    }
    Files.delete(whole);
  }

  /** Overwrites the number of rings of the polygon of a packed row. */
  static void damageFootprint(byte[] row) {
    // Little-endian, polygon, one ring of five points.
    byte[] start = {1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0};
    for (int at = 0; at + start.length <= row.length; at++) {
      if (Arrays.equals(row, at, at + start.length, start, 0, start.length)) {
        Arrays.fill(row, at + 5, at + 9, (byte) 0x7f);
        return;
      }
    }
    throw new AssertionError("no polygon");
  }
}

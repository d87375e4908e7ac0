package dev.kiln.testing;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.sink.VectorColumns;
import dev.kiln.sink.VectorType;
import dev.kiln.type.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An output of {@code kiln embed} with made-up vectors: each scene is a row of chips of 0.01
 * degrees, from its corner eastwards.
 */
public final class TestDataset {
  /** Length of a vector unless a scene has another. */
  public static final int DIM = 40;

  /** Edge of a chip in degrees. */
  public static final double STEP = 0.01;

  private final Path directory;

  /** Creates a dataset in a directory. */
  public TestDataset(Path directory) {
    this.directory = directory;
  }

  /** Returns the directory. */
  public Path directory() {
    return directory;
  }

  /** Returns the directory as an option value. */
  public String uri() {
    return directory.toString();
  }

  /** Provenance with a model hash. */
  public static Provenance provenance(String modelHash) {
    return new Provenance("0.2.0", modelHash, "micro", "onednn", DataType.FP32, Map.of());
  }

  /** A scene to write. */
  public final class SceneFile {
    private final String itemId;
    private String platform = "naip";
    private Instant datetime = Instant.parse("2020-06-01T12:00:00Z");
    private double west;
    private double north = 47;
    private int chips = 10;
    private int dim = DIM;
    private float cloudStep;
    private float[] vectors;
    private Provenance provenance = TestDataset.provenance("sha256:model");

    private SceneFile(String itemId) {
      this.itemId = itemId;
    }

    public SceneFile platform(String name) {
      this.platform = name;
      return this;
    }

    public SceneFile datetime(String time) {
      this.datetime = Instant.parse(time);
      return this;
    }

    public SceneFile at(double lon, double lat) {
      this.west = lon;
      this.north = lat;
      return this;
    }

    public SceneFile chips(int count) {
      this.chips = count;
      return this;
    }

    public SceneFile dim(int length) {
      this.dim = length;
      return this;
    }

    /** Sets the cloud fractions: that of chip i is i times this value. */
    public SceneFile cloudStep(double step) {
      this.cloudStep = (float) step;
      return this;
    }

    public SceneFile vectors(float[] values) {
      this.vectors = values;
      return this;
    }

    public SceneFile provenance(Provenance value) {
      this.provenance = value;
      return this;
    }

    /** Writes the file, in a directory named after the platform. */
    public Path write() throws IOException {
      return write(VectorType.FLOAT32);
    }

    /** Writes the file with vectors of a type. */
    public Path write(VectorType type) throws IOException {
      List<Chip> list = new ArrayList<>();
      for (int i = 0; i < chips; i++) {
        double lon = west + i * STEP;
        double east = lon + STEP;
        list.add(
            new Chip(
                i,
                0,
                i * cloudStep,
                0,
                new Footprint(
                    new double[] {east, lon, lon, east},
                    new double[] {north, north, north - STEP, north - STEP})));
      }
      float[] values = vectors == null ? random(chips * dim, itemId.hashCode()) : vectors;
      SceneTable table =
          new SceneTable(
              new SceneInfo(itemId, platform, datetime, 0.6, "s3://archive/" + itemId, 256, dim),
              list,
              values);
      Path path = directory.resolve(platform).resolve(itemId + ".parquet");
      Files.createDirectories(path.getParent());
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GeoParquetWriter writer =
          new GeoParquetWriter(
              table.info(), new VectorColumns(type, false, 0), provenance, bytes)) {
        writer.write(table.rows());
        writer.finish(table.decisions());
      }
      return Files.write(path, bytes.toByteArray());
    }
  }

  /** Starts a scene. */
  public SceneFile scene(String itemId) {
    return new SceneFile(itemId);
  }

  /** Returns normally distributed values. */
  public static float[] random(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}

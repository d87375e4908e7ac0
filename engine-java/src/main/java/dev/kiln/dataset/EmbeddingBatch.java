package dev.kiln.dataset;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;
import org.locationtech.jts.geom.Envelope;

/**
 * Some rows of one file, as parallel arrays. Arrays of columns that were not requested are empty.
 * The arrays belong to the receiver: no other batch shares them.
 *
 * @param file index of the file in {@link EmbeddingFiles#keys}
 * @param rows position of each row in the file
 * @param chipIds id of each chip
 * @param itemIds id of each chip's scene
 * @param platforms platform of each chip
 * @param micros time of each chip in microseconds since 1970; {@link #NO_TIME} without one
 * @param boxes {@code [size, 4]}: west, south, east, north in degrees. A chip that crosses the
 *     antimeridian has a box of all longitudes
 * @param footprints each outline as WKB
 * @param cloud share of cloud, 0 to 1; NaN if unknown
 * @param nodata share of pixels without data, 0 to 1; NaN if unknown
 * @param origins where each chip is in its scene
 * @param dim length of a vector; 0 without vectors
 * @param vectors {@code [size, dim]}, row-major, all finite
 * @param norms Euclidean norm of each vector
 */
public record EmbeddingBatch(
    int file,
    long[] rows,
    String[] chipIds,
    String[] itemIds,
    String[] platforms,
    long[] micros,
    double[] boxes,
    byte[][] footprints,
    float[] cloud,
    float[] nodata,
    ChipOrigins origins,
    int dim,
    float[] vectors,
    float[] norms) {
  /** The time of a chip without one. */
  public static final long NO_TIME = Long.MIN_VALUE;

  /** {@return the number of rows} */
  public int size() {
    return rows.length;
  }

  /**
   * {@return the position of a row in the dataset}
   *
   * @param i row of the batch, from 0
   */
  public RowRef ref(int i) {
    return new RowRef(file, rows[i]);
  }

  /**
   * {@return the time of a chip, if it has one}
   *
   * @param i row of the batch, from 0
   */
  public Optional<Instant> datetime(int i) {
    return time(micros[i]);
  }

  /**
   * {@return a stored time, if it is one}
   *
   * @param micros microseconds since 1970; {@link #NO_TIME} without one
   */
  public static Optional<Instant> time(long micros) {
    return micros == NO_TIME
        ? Optional.empty()
        : Optional.of(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
  }

  /**
   * {@return the box of a chip in degrees}
   *
   * @param i row of the batch, from 0
   */
  public Envelope box(int i) {
    return new Envelope(boxes[4 * i], boxes[4 * i + 2], boxes[4 * i + 1], boxes[4 * i + 3]);
  }

  /**
   * {@return a copy of a vector}
   *
   * @param i row of the batch, from 0
   */
  public float[] vector(int i) {
    return Arrays.copyOfRange(vectors, i * dim, (i + 1) * dim);
  }
}

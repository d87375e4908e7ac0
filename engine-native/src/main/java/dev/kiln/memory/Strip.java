package dev.kiln.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One row of tiles across a scene, decoded once: raw band planes in host memory, in the platform's
 * band order. The strip owns its buffer.
 *
 * @param pixels the memory that contains the planes
 * @param bands one plane per band
 * @param firstRow the scene's grid row at which the strip starts
 * @param rows number of grid rows
 * @param radiometricOffset to be added to the stored values; not yet applied to the planes
 */
public record Strip(
    HostBuffer pixels, List<BandPlane> bands, int firstRow, int rows, int radiometricOffset)
    implements AutoCloseable {

  public Strip {
    bands = List.copyOf(bands);
  }

  /** Creates a strip without a radiometric offset. */
  public Strip(HostBuffer pixels, List<BandPlane> bands, int firstRow, int rows) {
    this(pixels, bands, firstRow, rows, 0);
  }

  /** Returns the same pixels with another radiometric offset; close only one of the two. */
  public Strip withRadiometricOffset(int offset) {
    return new Strip(pixels, bands, firstRow, rows, offset);
  }

  /** Returns a borrowed view of all pixels, in host byte order. */
  public ByteBuffer raw() {
    return pixels.slice(0, Math.toIntExact(pixels.size()));
  }

  /** Frees the pixels; later calls do nothing. */
  @Override
  public void close() {
    pixels.close();
  }
}

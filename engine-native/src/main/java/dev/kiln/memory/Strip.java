package dev.kiln.memory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One row of tiles across a scene, decoded once: raw band planes in host memory, in the platform's
 * band order. The strip owns its buffer.
 *
 * @param pixels the memory that the planes lie in
 * @param bands one plane a band
 * @param firstRow the grid row of the scene that the strip begins with
 * @param rows grid rows held
 * @param radiometricOffset what has to be added to stored values; the planes hold them without
 */
public record Strip(
    HostBuffer pixels, List<BandPlane> bands, int firstRow, int rows, int radiometricOffset)
    implements AutoCloseable {

  public Strip {
    bands = List.copyOf(bands);
  }

  /** A strip whose stored values are to be taken as they are. */
  public Strip(HostBuffer pixels, List<BandPlane> bands, int firstRow, int rows) {
    this(pixels, bands, firstRow, rows, 0);
  }

  /** The same pixels with another radiometric offset; only one of the two is to be closed. */
  public Strip withRadiometricOffset(int offset) {
    return new Strip(pixels, bands, firstRow, rows, offset);
  }

  /** Borrowed view of all pixels, in host byte order. */
  public ByteBuffer raw() {
    return pixels.slice(0, Math.toIntExact(pixels.size()));
  }

  /** Frees the pixels; a second call does nothing. */
  @Override
  public void close() {
    pixels.close();
  }
}

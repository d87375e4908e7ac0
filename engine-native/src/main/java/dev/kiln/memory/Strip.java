package dev.kiln.memory;

import java.util.List;

/**
 * One row of tiles across a scene, decoded once: raw band planes in host memory, in the platform's
 * band order. The strip owns its buffer.
 *
 * @param pixels the memory that the planes lie in
 * @param bands one plane a band
 * @param firstRow the grid row of the scene that the strip begins with
 * @param rows grid rows held
 */
public record Strip(HostBuffer pixels, List<BandPlane> bands, int firstRow, int rows)
    implements AutoCloseable {

  public Strip {
    bands = List.copyOf(bands);
  }

  /** Frees the pixels; a second call does nothing. */
  @Override
  public void close() {
    pixels.close();
  }
}

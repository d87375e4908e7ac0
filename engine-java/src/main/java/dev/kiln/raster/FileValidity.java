package dev.kiln.raster;

import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Validity of a strip's pixels according to the structure of its files: internal masks, alpha bands
 * and tiles that were never written. Owns its memory.
 */
public final class FileValidity implements AutoCloseable {
  /** The pixel has no data; its value is meaningless. */
  static final byte MISSING = 0;

  /** The pixel has no data; its value is the file's nodata value. */
  static final byte OMITTED = 1;

  /** The pixel has data. */
  static final byte VALID = (byte) 0xFF;

  /**
   * Validity of one band at its own resolution.
   *
   * @param bytes one byte per pixel, row by row
   * @param width pixels per row
   * @param repeat grid pixels per pixel in each direction
   */
  record Plane(HostBuffer bytes, int width, int repeat) {
    byte at(ByteBuffer view, int x, int y) {
      return view.get(y * width + x);
    }

    ByteBuffer view() {
      return bytes.slice(0, Math.toIntExact(bytes.size()));
    }

    /** Sets all pixels. */
    void fill(byte value) {
      byte[] line = new byte[width];
      Arrays.fill(line, value);
      ByteBuffer view = view();
      for (int at = 0; at < view.capacity(); at += width) {
        view.put(at, line);
      }
    }
  }

  private final List<Optional<Plane>> planes;

  /**
   * Creates the validity of a strip.
   *
   * @param planes one per band; empty for bands without invalid pixels. Bands can share a plane
   */
  FileValidity(List<Optional<Plane>> planes) {
    this.planes = List.copyOf(planes);
  }

  /** Returns whether no file excludes pixels. */
  public boolean isEmpty() {
    return planes.stream().allMatch(Optional::isEmpty);
  }

  /** Returns the plane of a band, counted from 0. */
  Optional<Plane> plane(int band) {
    return planes.get(band);
  }

  /** Frees the memory. Idempotent. */
  @Override
  public void close() {
    Set<HostBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    planes.forEach(plane -> plane.ifPresent(p -> buffers.add(p.bytes())));
    buffers.forEach(HostBuffer::close);
  }
}

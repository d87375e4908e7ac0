package dev.kiln.tiles;

import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;

/**
 * A small tiled image, 40 × 24 pixels of uint8 in tiles of 16 × 16, DEFLATE, pixel-interleaved.
 * Sample b of pixel (x, y) is {@link #sample}. Tiles can be replaced by damaged ones.
 */
final class TestTiles {
  static final int WIDTH = 40;
  static final int HEIGHT = 24;
  static final int TILE = 16;

  private final int bands;
  private final List<byte[]> tiles = new ArrayList<>();
  private long[] offsets;
  private long[] sizes;

  TestTiles(int bands) {
    this.bands = bands;
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 3; column++) {
        tiles.add(deflate(samples(column, row)));
      }
    }
  }

  static byte sample(int x, int y, int b) {
    return (byte) (x * 7 + y * 13 + b * 101);
  }

  private byte[] samples(int column, int row) {
    ByteBuffer samples = ByteBuffer.allocate(TILE * TILE * bands);
    for (int y = 0; y < TILE; y++) {
      for (int x = 0; x < TILE; x++) {
        for (int b = 0; b < bands; b++) {
          samples.put(sample(column * TILE + x, row * TILE + y, b));
        }
      }
    }
    return samples.array();
  }

  static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] out = new byte[2 * bytes.length + 64];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  /** Replaces the bytes of a tile. */
  TestTiles tile(int index, byte[] coded) {
    tiles.set(index, coded);
    return this;
  }

  byte[] tile(int index) {
    return tiles.get(index);
  }

  /** Declares other offsets and sizes than the tiles have. */
  TestTiles declare(long[] offsets, long[] sizes) {
    this.offsets = offsets;
    this.sizes = sizes;
    return this;
  }

  TiledTiff.Layout layout() {
    return new TiledTiff.Layout(
        WIDTH, HEIGHT, bands, PixelType.UINT8, TILE, TILE, true, false, 8, 1);
  }

  /** Returns the bytes of all tiles, one after the other. */
  HostBuffer file() {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    tiles.forEach(body::writeBytes);
    HostBuffer buffer = HostBuffer.allocate("test file", body.size());
    buffer.slice(0, body.size()).put(body.toByteArray());
    return buffer;
  }

  /** Returns the image in a file of {@link #file}. */
  TiledTiff in(HostBuffer file) {
    return in(file, layout());
  }

  TiledTiff in(HostBuffer file, TiledTiff.Layout layout) {
    long[] at = offsets == null ? new long[tiles.size()] : offsets;
    long[] size = sizes == null ? new long[tiles.size()] : sizes;
    long next = 0;
    for (int i = 0; i < tiles.size(); i++) {
      if (offsets == null) {
        at[i] = next;
      }
      if (sizes == null) {
        size[i] = tiles.get(i).length;
      }
      next += tiles.get(i).length;
    }
    return new TiledTiff(
        file,
        layout,
        new TiledTiff.Tiles() {
          @Override
          public long offset(int index) {
            return at[index];
          }

          @Override
          public long size(int index) {
            return size[index];
          }
        });
  }
}

package dev.kiln.testing;

import dev.kiln.memory.HostBuffer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.Deflater;

/**
 * Writes small tiled TIFFs byte by byte, including invalid ones. By default 40 × 24 pixels of uint8
 * in tiles of 16 × 16, DEFLATE. Sample b of pixel (x, y) is {@link #sample}.
 */
public final class TestTiff {
  public static final int WIDTH = 40;
  public static final int HEIGHT = 24;
  public static final int TILE = 16;

  public static final int IMAGE_WIDTH = 256;
  public static final int IMAGE_LENGTH = 257;
  public static final int BITS_PER_SAMPLE = 258;
  public static final int COMPRESSION = 259;
  public static final int PHOTOMETRIC = 262;
  public static final int FILL_ORDER = 266;
  public static final int ORIENTATION = 274;
  public static final int SAMPLES_PER_PIXEL = 277;
  public static final int PLANAR_CONFIGURATION = 284;
  public static final int PREDICTOR = 317;
  public static final int TILE_WIDTH = 322;
  public static final int TILE_LENGTH = 323;
  public static final int TILE_OFFSETS = 324;
  public static final int TILE_BYTE_COUNTS = 325;
  public static final int SAMPLE_FORMAT = 339;

  public static final int SHORT = 3;
  public static final int LONG = 4;
  public static final int LONG8 = 16;
  public static final int SLONG8 = 17;

  private record Field(int type, long count, long[] values) {}

  private final Map<Integer, Field> fields = new TreeMap<>();
  private final List<byte[]> tiles = new ArrayList<>();
  private final int bands;
  private boolean big;
  private int offsetType;
  private long next;
  private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

  /** Creates a file of pixel-interleaved bands. */
  public TestTiff(int bands) {
    this.bands = bands;
    field(IMAGE_WIDTH, SHORT, WIDTH);
    field(IMAGE_LENGTH, SHORT, HEIGHT);
    field(BITS_PER_SAMPLE, SHORT, 8);
    field(COMPRESSION, SHORT, 8);
    field(PHOTOMETRIC, SHORT, 1);
    field(SAMPLES_PER_PIXEL, SHORT, bands);
    field(TILE_WIDTH, SHORT, TILE);
    field(TILE_LENGTH, SHORT, TILE);
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 3; column++) {
        tiles.add(deflate(tile(column, row)));
      }
    }
  }

  public static byte sample(int x, int y, int b) {
    return (byte) (x * 7 + y * 13 + b * 101);
  }

  private byte[] tile(int column, int row) {
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

  public static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] out = new byte[2 * bytes.length + 64];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  public TestTiff big() {
    big = true;
    return this;
  }

  /** Stores offsets and byte counts of the tiles with another field type. */
  public TestTiff offsetType(int type) {
    offsetType = type;
    return this;
  }

  /** Sets the offset of the next directory. */
  public TestTiff next(long offset) {
    next = offset;
    return this;
  }

  public TestTiff bigEndian() {
    order = ByteOrder.BIG_ENDIAN;
    return this;
  }

  public TestTiff field(int tag, int type, long... values) {
    fields.put(tag, new Field(type, values.length, values));
    return this;
  }

  /** Sets a field with a false count. */
  public TestTiff lie(int tag, int type, long count, long value) {
    fields.put(tag, new Field(type, count, new long[] {value}));
    return this;
  }

  public TestTiff without(int tag) {
    fields.remove(tag);
    return this;
  }

  public TestTiff tile(int index, byte[] coded) {
    tiles.set(index, coded);
    return this;
  }

  public byte[] tile(int index) {
    return tiles.get(index);
  }

  /**
   * Returns the file: tiles, then directory, with offsets and byte counts of the tiles unless they
   * were set.
   */
  public byte[] bytes() {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int start = big ? 16 : 8;
    long[] offsets = new long[tiles.size()];
    long[] counts = new long[tiles.size()];
    for (int i = 0; i < tiles.size(); i++) {
      offsets[i] = start + body.size();
      counts[i] = tiles.get(i).length;
      body.writeBytes(tiles.get(i));
    }
    Map<Integer, Field> all = new TreeMap<>(fields);
    int type = offsetType > 0 ? offsetType : big ? LONG8 : LONG;
    all.putIfAbsent(TILE_OFFSETS, new Field(type, offsets.length, offsets));
    all.putIfAbsent(TILE_BYTE_COUNTS, new Field(type, counts.length, counts));
    int directory = start + body.size();
    // The offset of the next directory, 0, follows the entries.
    int values = directory + (big ? 8 : 2) + all.size() * (big ? 20 : 12) + (big ? 8 : 4);

    ByteBuffer out = ByteBuffer.allocate(values + 4096).order(order);
    out.put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M')).put(out.get(0));
    if (big) {
      out.putShort((short) 43).putShort((short) 8).putShort((short) 0).putLong(directory);
    } else {
      out.putShort((short) 42).putInt(directory);
    }
    out.put(body.toByteArray());
    put(out, big ? 8 : 2, all.size());
    for (Map.Entry<Integer, Field> entry : all.entrySet()) {
      Field field = entry.getValue();
      int width = field.type() == SHORT ? 2 : field.type() == LONG ? 4 : 8;
      int inside = big ? 8 : 4;
      out.putShort(entry.getKey().shortValue()).putShort((short) field.type());
      put(out, inside, field.count());
      int after = out.position() + inside;
      boolean lies = field.count() != field.values().length;
      if (!lies && width * field.values().length > inside) {
        put(out, inside, values);
        out.position(values);
      }
      for (long value : field.values()) {
        put(out, lies ? inside : width, value);
      }
      values = Math.max(values, out.position());
      out.position(after);
    }
    put(out, big ? 8 : 4, next);
    return Arrays.copyOf(out.array(), values);
  }

  private static void put(ByteBuffer out, int width, long value) {
    switch (width) {
      case 2 -> out.putShort((short) value);
      case 4 -> out.putInt((int) value);
      default -> out.putLong(value);
    }
  }

  public static HostBuffer buffer(byte[] bytes) {
    HostBuffer buffer = HostBuffer.allocate("test file", Math.max(1, bytes.length));
    buffer.slice(0, bytes.length).put(bytes);
    return buffer;
  }
}

package dev.kiln.raster;

import dev.kiln.error.SceneException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A directory (IFD) of a TIFF or BigTIFF file of either byte order: the fields that describe one
 * image. Format: TIFF 6.0 specification and libtiff's BigTIFF design.
 *
 * <p>Files are untrusted: counts and offsets are checked against the file's size and fixed limits
 * before anything is read or allocated.
 */
final class TiffDirectory {
  /** Directories that are read; further ones are overviews or pages that nothing needs. */
  private static final int MOST_DIRECTORIES = 64;

  private static final int MOST_FIELDS = 4096;

  /** Fields with one value per tile. */
  private static final Set<Integer> TILE_FIELDS =
      Set.of(
          TiffTags.TILE_OFFSETS, TiffTags.STRIP_OFFSETS, TiffTags.TILE_BYTES, TiffTags.STRIP_BYTES);

  /** Sufficient for the directories of a scene of sixteen million tiles. */
  private static final long MOST_VALUE_BYTES = 256 << 20;

  private record Field(int type, int count, ByteBuffer value) {}

  private final String key;
  private final ByteOrder order;
  private final Map<Integer, Field> fields;

  private TiffDirectory(String key, ByteOrder order, Map<Integer, Field> fields) {
    this.key = key;
    this.order = order;
    this.fields = Map.copyOf(fields);
  }

  /**
   * Reads the directories and all values of their fields, so that these bytes are present when the
   * file is opened later. Stops at a later directory that is corrupt, outside the file or part of a
   * cycle, and after a fixed number.
   *
   * @param key object key, for messages
   * @param size size of the file in bytes
   * @param bytes bytes of the file
   * @return at least one directory, in file order
   * @throws SceneException permanent if the file is not a TIFF or is corrupt
   */
  static List<TiffDirectory> readAll(String key, long size, FileBytes bytes)
      throws SceneException, InterruptedException {
    return new Reader(key, size, bytes).readAll();
  }

  /** Returns the byte order of the file. */
  ByteOrder order() {
    return order;
  }

  /** Returns whether the directory has a field. */
  boolean has(int tag) {
    return fields.containsKey(tag);
  }

  /** Returns the first value of a field. */
  long number(int tag, String name) throws SceneException {
    if (!has(tag)) {
      throw SceneException.permanent(key, "corrupt TIFF: no " + name + " (tag " + tag + ")");
    }
    return numbers(tag, name)[0];
  }

  /** Returns the first value of a field, or {@code absent} if there is no such field. */
  long number(int tag, String name, long absent) throws SceneException {
    return has(tag) ? number(tag, name) : absent;
  }

  /**
   * Returns the values of a field, at least one.
   *
   * @throws SceneException permanent if there is no such field or its values are not integers
   */
  long[] numbers(int tag, String name) throws SceneException {
    Field field = fields.get(tag);
    if (field == null || field.count() == 0) {
      throw SceneException.permanent(key, "corrupt TIFF: no " + name + " (tag " + tag + ")");
    }
    ByteBuffer value = field.value();
    long[] numbers = new long[field.count()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          switch (field.type()) {
            case 1 -> value.get(i) & 0xFF;
            case 3 -> value.getShort(2 * i) & 0xFFFF;
            case 4, 13 -> value.getInt(4 * i) & 0xFFFF_FFFFL;
            case 16, 17, 18 -> value.getLong(8 * i);
            case 6 -> value.get(i);
            case 8 -> value.getShort(2 * i);
            case 9 -> value.getInt(4 * i);
            default ->
                throw SceneException.permanent(
                    key,
                    "corrupt TIFF: %s (tag %d): expected integers, found field type %d"
                        .formatted(name, tag, field.type()));
          };
      if (numbers[i] < 0) {
        throw SceneException.permanent(
            key,
            "corrupt TIFF: %s: expected values from 0 to 2^63 - 1, found %d"
                .formatted(name, numbers[i]));
      }
    }
    return numbers;
  }

  /**
   * Returns the values of a field of doubles; none if there is no such field or it has another
   * type.
   */
  double[] doubles(int tag) {
    Field field = fields.get(tag);
    if (field == null || field.type() != 12) {
      return new double[0];
    }
    double[] values = new double[field.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = field.value().getDouble(8 * i);
    }
    return values;
  }

  /**
   * Returns the text of a field, without what follows its first NUL; empty if there is no such
   * field or it is not text.
   */
  Optional<String> text(int tag) {
    Field field = fields.get(tag);
    if (field == null || field.type() != 2) {
      return Optional.empty();
    }
    byte[] bytes = new byte[field.count()];
    field.value().get(0, bytes);
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return Optional.of(new String(bytes, 0, end, StandardCharsets.UTF_8));
  }

  /** Returns the size of one value of a field type in bytes; 0 for an unknown type. */
  private static int bytesOf(int type) {
    return switch (type) {
      case 1, 2, 6, 7 -> 1;
      case 3, 8 -> 2;
      case 4, 9, 11, 13 -> 4;
      case 5, 10, 12, 16, 17, 18 -> 8;
      default -> 0;
    };
  }

  /** Reads the chain of directories of one file. */
  private static final class Reader {
    private final String key;
    private final long size;
    private final FileBytes bytes;
    private ByteOrder order;
    private boolean big;
    private long valueBytes;

    /** The last error in the file's structure, as opposed to one of fetching its bytes. */
    private SceneException corrupt;

    Reader(String key, long size, FileBytes bytes) {
      this.key = key;
      this.size = size;
      this.bytes = bytes;
    }

    List<TiffDirectory> readAll() throws SceneException, InterruptedException {
      List<TiffDirectory> directories = new ArrayList<>();
      Set<Long> seen = new HashSet<>();
      long at = first();
      while (at != 0 && seen.add(at) && directories.size() < MOST_DIRECTORIES) {
        try {
          int count = fieldCount(at);
          directories.add(new TiffDirectory(key, order, fields(at, count)));
          at = next(at, count);
        } catch (SceneException e) {
          // As libtiff, uses the directories before a corrupt or dangling one.
          if (directories.isEmpty() || e != corrupt) {
            throw e;
          }
          break;
        }
      }
      if (directories.isEmpty()) {
        throw broken("it has no image");
      }
      return directories;
    }

    /** Returns the offset of the first directory. */
    private long first() throws SceneException, InterruptedException {
      if (size < 8) {
        throw notTiff();
      }
      ByteBuffer start = bytes.at(0, 8).slice();
      int mark = start.order(ByteOrder.BIG_ENDIAN).getShort(0) & 0xFFFF;
      order = mark == 0x4D4D ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      int version = start.order(order).getShort(2);
      if (mark != 0x4D4D && mark != 0x4949 || version != 42 && version != 43) {
        throw notTiff();
      }
      big = version == 43;
      if (!big) {
        return start.getInt(4) & 0xFFFF_FFFFL;
      }
      if (start.getShort(4) != 8 || start.getShort(6) != 0) {
        throw broken("expected BigTIFF offsets of 8 bytes, found another size");
      }
      return read(8, 8).getLong(0);
    }

    private int fieldCount(long at) throws SceneException, InterruptedException {
      long count = big ? read(at, 8).getLong(0) : read(at, 2).getShort(0) & 0xFFFF;
      if (count < 1 || count > MOST_FIELDS) {
        throw broken("expected a directory of at most " + MOST_FIELDS + " fields, found " + count);
      }
      return (int) count;
    }

    private long next(long at, int count) throws SceneException, InterruptedException {
      long after = at + (big ? 8 + 20L * count : 2 + 12L * count);
      return big ? read(after, 8).getLong(0) : read(after, 4).getInt(0) & 0xFFFF_FFFFL;
    }

    private Map<Integer, Field> fields(long at, int count)
        throws SceneException, InterruptedException {
      int entry = big ? 20 : 12;
      int inline = big ? 8 : 4;
      ByteBuffer entries = read(at + (big ? 8 : 2), count * entry);
      Map<Integer, Field> fields = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        int start = i * entry;
        int tag = entries.getShort(start) & 0xFFFF;
        int type = entries.getShort(start + 2) & 0xFFFF;
        long values = big ? entries.getLong(start + 4) : entries.getInt(start + 4) & 0xFFFF_FFFFL;
        int each = bytesOf(type);
        if (each == 0) {
          // Field type of a later revision: the specification asks readers to skip it.
          continue;
        }
        // More values than the object has bytes for are no large image but a corrupt directory.
        if (TILE_FIELDS.contains(tag) && values > TileIndex.MOST_TILES && values <= size / each) {
          corrupt = TileIndex.tooMany(key, Long.toString(values));
          throw corrupt;
        }
        if (values < 0 || values > MOST_VALUE_BYTES / each) {
          throw broken("field %d has %d values".formatted(tag, values));
        }
        int length = (int) values * each;
        int valueAt = start + entry - inline;
        ByteBuffer value;
        if (length <= inline) {
          value = entries.slice(valueAt, length).order(order);
        } else {
          valueBytes += length;
          if (valueBytes > MOST_VALUE_BYTES) {
            throw broken("more than %d bytes of fields".formatted(MOST_VALUE_BYTES));
          }
          value =
              read(big ? entries.getLong(valueAt) : entries.getInt(valueAt) & 0xFFFF_FFFFL, length);
        }
        fields.putIfAbsent(tag, new Field(type, (int) values, value));
      }
      return fields;
    }

    private ByteBuffer read(long offset, int length) throws SceneException, InterruptedException {
      if (offset < 0 || offset > size - length) {
        throw broken(
            "bytes %d to %d of its directory are outside the %d bytes of the object"
                .formatted(offset, offset + length, size));
      }
      return bytes.at(offset, length).slice().order(order);
    }

    private SceneException broken(String what) {
      corrupt = SceneException.permanent(key, "corrupt TIFF: " + what);
      return corrupt;
    }

    private SceneException notTiff() {
      return SceneException.permanent(key, "not a GeoTIFF");
    }
  }
}

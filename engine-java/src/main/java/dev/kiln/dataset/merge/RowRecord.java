package dev.kiln.dataset.merge;

import dev.kiln.sink.RowBlock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.locationtech.jts.geom.Envelope;

/**
 * A row as a record of the sort: its time and chip id, which order rows of one place, then its box,
 * the type of its geometry, the packed row, and the number of its source.
 */
final class RowRecord {
  private static final byte POLYGON = 3;
  private static final byte MULTIPOLYGON = 6;
  private static final int FIXED_BYTES = Long.BYTES + 1 + 4 * Double.BYTES + 1 + Integer.BYTES;

  private RowRecord() {}

  /** Writes records to a buffer that is used again. */
  static final class Writer {
    private ByteBuffer record = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * Returns the record of a row; valid until the next call.
     *
     * @param added packed values of the columns that the source lacks
     * @param source its number in the partition
     */
    ByteBuffer of(RowBlock block, int row, Place place, List<ByteBuffer> added, int source) {
      byte[] chipId = block.bytes("chip_id", row);
      int size = FIXED_BYTES + chipId.length + block.packedBytes(row);
      for (ByteBuffer value : added) {
        size += value.remaining();
      }
      if (record.capacity() < size) {
        record = ByteBuffer.allocate(size * 2).order(ByteOrder.LITTLE_ENDIAN);
      }
      record.clear();
      // Signed times in the order of unsigned bytes, then the id and a zero that ends it.
      long micros = block.int64("datetime", row);
      record.order(ByteOrder.BIG_ENDIAN).putLong(micros ^ Long.MIN_VALUE);
      record.order(ByteOrder.LITTLE_ENDIAN).put(chipId).put((byte) 0);
      Envelope box = place.box();
      record.putDouble(box.getMinX()).putDouble(box.getMaxX());
      record.putDouble(box.getMinY()).putDouble(box.getMaxY());
      record.put(place.multipolygon() ? MULTIPOLYGON : POLYGON);
      block.pack(row, record);
      added.forEach(value -> record.put(value.duplicate()));
      return record.putInt(source).flip();
    }
  }

  /** Returns the number of the source of a record. */
  static int source(ByteBuffer record) {
    return record.getInt(record.limit() - Integer.BYTES);
  }

  /** Returns the time and id of a record as bytes. */
  static byte[] timeAndId(ByteBuffer record) {
    int end = record.position() + Long.BYTES;
    while (record.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - record.position()];
    record.get(record.position(), bytes);
    return bytes;
  }

  /** Returns the time of a record in microseconds since 1970. */
  static long micros(ByteBuffer record) {
    return record.duplicate().order(ByteOrder.BIG_ENDIAN).getLong() ^ Long.MIN_VALUE;
  }

  /** Returns the row of a record, for a file. */
  static PartWriter.Row row(ByteBuffer record) {
    ByteBuffer rest = record.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    rest.position(rest.position() + Long.BYTES);
    while (rest.get() != 0) {
      // The id is also a column of the row.
    }
    Envelope box =
        new Envelope(rest.getDouble(), rest.getDouble(), rest.getDouble(), rest.getDouble());
    boolean multipolygon = rest.get() == MULTIPOLYGON;
    return new PartWriter.Row(box, multipolygon, rest);
  }
}

package dev.kiln.search;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.RowFilter;
import dev.kiln.dataset.RowRef;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.locationtech.jts.geom.Envelope;

/**
 * What a shard of an index records of its rows, so that a search needs no Parquet file. Mapped, not
 * read.
 *
 * <p>A record of the rows file has 72 bytes, big-endian: file (int32), cloud and nodata (float32),
 * length of the footprint (int32), row (int64), time in microseconds (int64), west, south, east,
 * north (float64), offset in the texts (int64). There, chip id, item id and platform follow as
 * UTF-8, each after its length (uint16), then the footprint as WKB.
 */
final class ShardRows {
  private static final int RECORD_BYTES = 72;

  private final MappedByteBuffer rows;
  private final MappedByteBuffer texts;

  private ShardRows(MappedByteBuffer rows, MappedByteBuffer texts) {
    this.rows = rows;
    this.texts = texts;
  }

  static ShardRows open(ShardFiles files) throws IOException {
    return new ShardRows(map(files.rows()), map(files.texts()));
  }

  static MappedByteBuffer map(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  int count() {
    return rows.capacity() / RECORD_BYTES;
  }

  RowRef ref(int i) {
    int at = i * RECORD_BYTES;
    return new RowRef(rows.getInt(at), rows.getLong(at + 16));
  }

  float cloud(int i) {
    return rows.getFloat(i * RECORD_BYTES + 4);
  }

  float nodata(int i) {
    return rows.getFloat(i * RECORD_BYTES + 8);
  }

  long micros(int i) {
    return rows.getLong(i * RECORD_BYTES + 24);
  }

  Envelope box(int i) {
    int at = i * RECORD_BYTES + 32;
    return new Envelope(
        rows.getDouble(at),
        rows.getDouble(at + 16),
        rows.getDouble(at + 8),
        rows.getDouble(at + 24));
  }

  /** Returns a row as a filter sees it; its texts are read when they are asked for. */
  RowFilter.Row view(int i) {
    return new RowFilter.Row() {
      @Override
      public String chipId() {
        return text(textsOf(i));
      }

      @Override
      public String platform() {
        ByteBuffer text = textsOf(i);
        skipText(text);
        skipText(text);
        return text(text);
      }

      @Override
      public long micros() {
        return ShardRows.this.micros(i);
      }

      @Override
      public float cloud() {
        return ShardRows.this.cloud(i);
      }

      @Override
      public float nodata() {
        return ShardRows.this.nodata(i);
      }

      @Override
      public Envelope box() {
        return ShardRows.this.box(i);
      }
    };
  }

  private ByteBuffer textsOf(int i) {
    ByteBuffer text = texts.duplicate();
    return text.position(Math.toIntExact(rows.getLong(i * RECORD_BYTES + 64)));
  }

  private static void skipText(ByteBuffer text) {
    int length = text.getShort() & 0xFFFF;
    text.position(text.position() + length);
  }

  FoundChip chip(int i) {
    ByteBuffer text = textsOf(i);
    String chipId = text(text);
    String itemId = text(text);
    String platform = text(text);
    byte[] footprint = new byte[rows.getInt(i * RECORD_BYTES + 12)];
    text.get(footprint);
    return new FoundChip(
        ref(i),
        chipId,
        itemId,
        platform,
        EmbeddingBatch.time(micros(i)),
        box(i),
        footprint,
        cloud(i),
        nodata(i));
  }

  private static String text(ByteBuffer from) {
    byte[] utf8 = new byte[from.getShort() & 0xFFFF];
    from.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** Writes the rows of a shard. */
  static final class Writer implements AutoCloseable {
    private final DataOutputStream rows;
    private final DataOutputStream texts;
    private long offset;

    Writer(ShardFiles files) throws IOException {
      this.rows = open(ShardFiles.part(files.rows()));
      this.texts = open(ShardFiles.part(files.texts()));
    }

    private static DataOutputStream open(Path path) throws IOException {
      return new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(path), 1 << 16));
    }

    void add(EmbeddingBatch batch, int i) throws IOException {
      rows.writeInt(batch.file());
      rows.writeFloat(batch.cloud()[i]);
      rows.writeFloat(batch.nodata()[i]);
      rows.writeInt(batch.footprints()[i].length);
      rows.writeLong(batch.rows()[i]);
      rows.writeLong(batch.micros()[i]);
      for (int side = 0; side < 4; side++) {
        rows.writeDouble(batch.boxes()[4 * i + side]);
      }
      rows.writeLong(offset);
      write(batch.chipIds()[i]);
      write(batch.itemIds()[i]);
      write(batch.platforms()[i]);
      texts.write(batch.footprints()[i]);
      offset += batch.footprints()[i].length;
    }

    private void write(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      if (utf8.length > 0xFFFF) {
        throw new IOException("expected an id of at most 65,535 bytes, found " + utf8.length);
      }
      texts.writeShort(utf8.length);
      texts.write(utf8);
      offset += Short.BYTES + utf8.length;
    }

    @Override
    public void close() throws IOException {
      rows.close();
      texts.close();
    }
  }
}

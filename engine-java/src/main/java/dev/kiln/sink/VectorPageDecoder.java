package dev.kiln.sink;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;

/**
 * Decodes pages of float32 vectors of one length, in which every row has all its values and no row
 * continues on another page. Stops before the first page that is not so.
 */
final class VectorPageDecoder {
  private final ColumnPages pages;
  private final int present;
  private final int dim;

  /** Levels of the last page that was found regular; those of most pages are the same. */
  private byte[] regularLevels = {};

  private int regularCount;

  private byte[] data = {};
  private int dataAt;
  private boolean split;
  private int pageRows;
  private int nextRow;
  private boolean regular = true;

  /**
   * Creates a decoder and decodes the first page.
   *
   * @param pages from their start; taken over
   * @param present definition level of a value
   * @param dim expected length of a vector
   */
  VectorPageDecoder(ColumnPages pages, int present, int dim) throws IOException {
    this.pages = pages;
    this.present = present;
    this.dim = dim;
    if (dim < 1) {
      regular = false;
    } else {
      nextPage();
    }
  }

  /** Returns whether the current page is regular. */
  boolean isRegular() {
    return regular;
  }

  /**
   * Reads vectors.
   *
   * @param row where in the target, in rows
   * @return the number of vectors read; fewer than requested before a page that is not regular
   */
  int read(float[] target, int row, int count) throws IOException {
    int done = 0;
    while (done < count) {
      if (nextRow == pageRows && !nextPage()) {
        return done;
      }
      int n = Math.min(count - done, pageRows - nextRow);
      decode(target, (row + done) * dim, n);
      nextRow += n;
      done += n;
    }
    return done;
  }

  /** Skips vectors; returns as {@link #read} does. */
  int skip(int count) throws IOException {
    int done = 0;
    while (done < count) {
      int values = pages.nextValueCount();
      if (nextRow == pageRows
          && regular
          && values > 0
          && values % dim == 0
          && values / dim <= count - done) {
        pages.skipPage();
        done += values / dim;
        continue;
      }
      if (nextRow == pageRows && !nextPage()) {
        return done;
      }
      int n = Math.min(count - done, pageRows - nextRow);
      nextRow += n;
      done += n;
    }
    return done;
  }

  private void decode(float[] target, int at, int count) {
    int values = count * dim;
    int from = nextRow * dim;
    if (!split) {
      ByteBuffer.wrap(data, dataAt + from * Float.BYTES, values * Float.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(target, at, values);
      return;
    }
    int stride = pageRows * dim;
    int first = dataAt + from;
    int second = first + stride;
    int third = second + stride;
    int fourth = third + stride;
    for (int i = 0; i < values; i++) {
      target[at + i] =
          Float.intBitsToFloat(
              (data[first + i] & 0xFF)
                  | (data[second + i] & 0xFF) << 8
                  | (data[third + i] & 0xFF) << 16
                  | data[fourth + i] << 24);
    }
  }

  private boolean nextPage() throws IOException {
    DataPage page = regular ? pages.readPage() : null;
    if (page == null) {
      regular = false;
      return false;
    }
    Encoding encoding;
    byte[] bytes;
    byte[] levels;
    int count = page.getValueCount();
    if (page instanceof DataPageV2 v2) {
      encoding = v2.getDataEncoding();
      byte[] repetition = bytes(v2.getRepetitionLevels());
      byte[] definition = bytes(v2.getDefinitionLevels());
      levels = withLengths(repetition, definition);
      bytes = bytes(v2.getData());
      dataAt = 0;
    } else {
      DataPageV1 v1 = (DataPageV1) page;
      encoding = v1.getValueEncoding();
      bytes = bytes(v1.getBytes());
      dataAt = endOfLevels(bytes);
      levels = Arrays.copyOf(bytes, dataAt);
    }
    split = encoding == Encoding.BYTE_STREAM_SPLIT;
    regular =
        (split || encoding == Encoding.PLAIN)
            && count % dim == 0
            && isRegular(levels, count)
            && bytes.length - dataAt >= (long) count * Float.BYTES;
    data = bytes;
    pageRows = regular ? count / dim : 0;
    nextRow = 0;
    return regular;
  }

  private static byte[] bytes(BytesInput input) throws IOException {
    return input.toInputStream().readAllBytes();
  }

  /** Returns the levels as a page of version 1 has them: each after its length. */
  private static byte[] withLengths(byte[] repetition, byte[] definition) {
    return ByteBuffer.allocate(2 * Integer.BYTES + repetition.length + definition.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(repetition.length)
        .put(repetition)
        .putInt(definition.length)
        .put(definition)
        .array();
  }

  /** The repetition levels and the definition levels come first, each after its length. */
  private static int endOfLevels(byte[] page) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    for (int kind = 0; kind < 2; kind++) {
      int length = at + Integer.BYTES <= page.length ? buffer.getInt(at) : -1;
      if (length < 0 || length > page.length - at - Integer.BYTES) {
        throw new IOException("expected levels within the page, found a length of " + length);
      }
      at += Integer.BYTES + length;
    }
    return at;
  }

  private boolean isRegular(byte[] levels, int count) throws IOException {
    if (count == regularCount && Arrays.equals(levels, regularLevels)) {
      return true;
    }
    ByteBuffer buffer = ByteBuffer.wrap(levels).order(ByteOrder.LITTLE_ENDIAN);
    int repetitionLength = buffer.getInt(0);
    int definitionAt = Integer.BYTES + repetitionLength;
    RunLengthBitPackingHybridDecoder repetition =
        new RunLengthBitPackingHybridDecoder(
            1, new ByteArrayInputStream(levels, Integer.BYTES, repetitionLength));
    RunLengthBitPackingHybridDecoder definition =
        new RunLengthBitPackingHybridDecoder(
            BytesUtils.getWidthFromMaxInt(present),
            new ByteArrayInputStream(
                levels, definitionAt + Integer.BYTES, buffer.getInt(definitionAt)));
    for (int i = 0; i < count; i++) {
      if (repetition.readInt() != (i % dim == 0 ? 0 : 1) || definition.readInt() != present) {
        return false;
      }
    }
    regularLevels = levels;
    regularCount = count;
    return true;
  }
}

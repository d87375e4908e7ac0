package dev.kiln.sink;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * The pages of one column chunk, decompressed one at a time for parquet-java's column readers.
 *
 * <p>parquet-java's own ParquetFileReader requires Hadoop's mapreduce classes for any file; this is
 * the part of it that Kiln needs, without them.
 */
final class ColumnPages implements PageReader {
  private static final ParquetMetadataConverter CONVERTER = new ParquetMetadataConverter();

  private final ChunkInput chunk;
  private final CompressionCodecName codec;
  private final long valueCount;
  private final DictionaryPage dictionary;
  private long valuesRead;
  private PageHeader next;

  /**
   * Creates a reader.
   *
   * @param chunk the bytes of the column chunk, starting with its dictionary page if it has one
   * @throws IOException if the first page is damaged
   */
  ColumnPages(ChunkInput chunk, CompressionCodecName codec, long valueCount) throws IOException {
    this.chunk = chunk;
    this.codec = codec;
    this.valueCount = valueCount;
    this.next = nextHeader();
    this.dictionary = takeDictionary();
  }

  @Override
  public DictionaryPage readDictionaryPage() {
    return dictionary;
  }

  @Override
  public long getTotalValueCount() {
    return valueCount;
  }

  @Override
  public DataPage readPage() {
    if (next == null) {
      return null;
    }
    try {
      DataPage page = next.isSetData_page_header_v2() ? pageV2() : pageV1();
      valuesRead += page.getValueCount();
      next = nextHeader();
      return page;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the number of values in the next page, nulls included; 0 after the last page. */
  int nextValueCount() {
    if (next == null) {
      return 0;
    }
    return next.isSetData_page_header_v2()
        ? next.data_page_header_v2.num_values
        : next.data_page_header.num_values;
  }

  /** Skips the next page without decompressing it. */
  void skipPage() throws IOException {
    valuesRead += nextValueCount();
    chunk.skipBytes(next.compressed_page_size);
    next = nextHeader();
  }

  private PageHeader nextHeader() throws IOException {
    return valuesRead < valueCount ? Util.readPageHeader(chunk) : null;
  }

  private DictionaryPage takeDictionary() throws IOException {
    if (next == null || !next.isSetDictionary_page_header()) {
      return null;
    }
    BytesInput bytes = decompress(pageBytes(), next.uncompressed_page_size);
    DictionaryPage page =
        new DictionaryPage(
            bytes,
            next.dictionary_page_header.num_values,
            CONVERTER.getEncoding(next.dictionary_page_header.encoding));
    next = nextHeader();
    return page;
  }

  private DataPage pageV1() throws IOException {
    DataPageHeader header = next.data_page_header;
    return new DataPageV1(
        decompress(pageBytes(), next.uncompressed_page_size),
        header.num_values,
        next.uncompressed_page_size,
        null,
        CONVERTER.getEncoding(header.repetition_level_encoding),
        CONVERTER.getEncoding(header.definition_level_encoding),
        CONVERTER.getEncoding(header.encoding));
  }

  /** Levels come first and are never compressed. */
  private DataPage pageV2() throws IOException {
    DataPageHeaderV2 header = next.data_page_header_v2;
    ByteBufferInputStream page = ByteBufferInputStream.wrap(pageBytes());
    ByteBuffer repetitionLevels = page.slice(header.repetition_levels_byte_length);
    ByteBuffer definitionLevels = page.slice(header.definition_levels_byte_length);
    int levelBytes = header.repetition_levels_byte_length + header.definition_levels_byte_length;
    ByteBuffer values = page.slice(next.compressed_page_size - levelBytes);
    boolean compressed = !header.isSetIs_compressed() || header.is_compressed;
    return DataPageV2.uncompressed(
        header.num_rows,
        header.num_nulls,
        header.num_values,
        BytesInput.from(repetitionLevels),
        BytesInput.from(definitionLevels),
        CONVERTER.getEncoding(header.encoding),
        compressed
            ? decompress(values, next.uncompressed_page_size - levelBytes)
            : BytesInput.from(values),
        null);
  }

  private ByteBuffer pageBytes() throws IOException {
    long at = chunk.position();
    ByteBuffer page = chunk.slice(next.compressed_page_size);
    if (next.isSetCrc()) {
      CRC32 crc = new CRC32();
      crc.update(page.duplicate());
      if ((int) crc.getValue() != next.crc) {
        throw new IOException("wrong checksum of the page at byte " + at + " of its column");
      }
    }
    return page;
  }

  private BytesInput decompress(ByteBuffer page, int size) throws IOException {
    byte[] compressed = new byte[page.remaining()];
    page.duplicate().get(compressed);
    return switch (codec) {
      case UNCOMPRESSED -> BytesInput.from(compressed);
      case ZSTD -> BytesInput.from(Zstd.decompress(compressed, size));
      case SNAPPY -> BytesInput.from(Snappy.uncompress(compressed));
      case GZIP -> {
        try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
          yield BytesInput.from(gzip.readNBytes(size));
        }
      }
      default ->
          throw new IOException("expected compression ZSTD, SNAPPY, GZIP or none, found " + codec);
    };
  }
}

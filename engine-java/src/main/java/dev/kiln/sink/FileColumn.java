package dev.kiln.sink;

import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;

/**
 * One leaf column of a file's schema, and its size in the file.
 *
 * @param path dotted path, such as {@code bbox.xmin}
 * @param type such as {@code string}, or {@code list<float>} if a row has several values
 * @param repeated whether a row can have several values
 * @param nullable whether a row can have no value
 * @param codecs compression codecs of its chunks, such as {@code ZSTD}
 * @param encodings encodings of its pages
 * @param compressedBytes bytes in the file
 * @param bytes bytes before compression
 */
public record FileColumn(
    String path,
    String type,
    boolean repeated,
    boolean nullable,
    List<String> codecs,
    List<String> encodings,
    long compressedBytes,
    long bytes) {

  static FileColumn of(ColumnDescriptor column, List<BlockMetaData> blocks) {
    List<ColumnChunkMetaData> chunks =
        blocks.stream().map(b -> EmbeddingFile.chunk(b, column)).toList();
    String type = ColumnValues.typeName(column.getPrimitiveType());
    boolean repeated = column.getMaxRepetitionLevel() > 0;
    return new FileColumn(
        String.join(".", column.getPath()),
        repeated ? "list<" + type + ">" : type,
        repeated,
        column.getMaxDefinitionLevel() > (repeated ? 1 : 0),
        chunks.stream().map(c -> c.getCodec().name()).distinct().sorted().toList(),
        chunks.stream()
            .flatMap(c -> c.getEncodings().stream())
            .map(Enum::name)
            .distinct()
            .sorted()
            .toList(),
        chunks.stream().mapToLong(ColumnChunkMetaData::getTotalSize).sum(),
        chunks.stream().mapToLong(ColumnChunkMetaData::getTotalUncompressedSize).sum());
  }
}

package dev.kiln.search;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;

/**
 * The files of one shard of an index.
 *
 * @param codes vectors in one byte per value: {@link dev.kiln.vector.CodedVectors}
 * @param rows a record of fixed size per row: {@link ShardRows}
 * @param texts what differs in length: {@link ShardRows}
 * @param graph JVector's graph, with the vectors in float32. Appears last: a shard that has one is
 *     complete
 */
record ShardFiles(Path codes, Path rows, Path texts, Path graph) {

  static ShardFiles of(Path directory, int shard) {
    String name = String.format(Locale.ROOT, "%05d", shard);
    return new ShardFiles(
        directory.resolve(name + ".codes"),
        directory.resolve(name + ".rows"),
        directory.resolve(name + ".texts"),
        directory.resolve(name + ".graph"));
  }

  /** Returns all files. */
  List<Path> all() {
    return List.of(codes, rows, texts, graph);
  }

  boolean complete() {
    return Files.isRegularFile(graph);
  }

  /** Deletes a shard; returns whether it was complete. */
  boolean deleteIfExists() throws IOException {
    // The graph first: without it, what is left is no shard.
    boolean complete = Files.deleteIfExists(graph);
    Files.deleteIfExists(codes);
    Files.deleteIfExists(rows);
    Files.deleteIfExists(texts);
    return complete;
  }

  /** Returns where a file is written before it is complete. */
  static Path part(Path file) {
    return file.resolveSibling(file.getFileName() + ".part");
  }

  /** Makes a complete file appear. */
  static void publish(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(part(file), StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(part(file), file, StandardCopyOption.ATOMIC_MOVE);
  }
}

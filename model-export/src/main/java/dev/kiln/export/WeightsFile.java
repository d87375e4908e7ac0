package dev.kiln.export;

import dev.kiln.io.Sha256;
import dev.kiln.model.ModelDescription;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a weights file: one tensor after the other, each at a page boundary so that it can be
 * mapped alone.
 */
final class WeightsFile implements AutoCloseable {
  private static final int ALIGNMENT = 4096;
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path file;
  private final FileChannel channel;
  private final MessageDigest digest;
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Map<String, OnnxGraph.Weight> tensors = new LinkedHashMap<>();
  private long position;

  WeightsFile(Path file) throws IOException {
    this.file = file;
    this.digest = Sha256.digest();
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Appends a float32 tensor. */
  void add(String name, float[] values, long... shape) throws IOException {
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    add(name, DataType.FP32, FloatBuffer.wrap(values), dimensions);
  }

  /** Appends a tensor, rounded to its type; consumes the values. */
  void add(String name, DataType type, FloatBuffer values, List<Long> shape) throws IOException {
    OnnxGraph.Weight tensor = new OnnxGraph.Weight(type, shape, aligned(position));
    if (tensor.size() != values.remaining()) {
      throw new IllegalArgumentException(
          "%s: %d values for shape %s".formatted(name, values.remaining(), shape));
    }
    pad(tensor.offset());
    while (values.hasRemaining()) {
      int count = Math.min(values.remaining(), CHUNK_BYTES / type.bytes());
      if (type == DataType.FP32) {
        chunk.clear().asFloatBuffer().put(0, values, values.position(), count);
        values.position(values.position() + count);
      } else {
        for (int i = 0; i < count; i++) {
          type.encode(values.get(), chunk.array(), i * type.bytes());
        }
      }
      write(count * type.bytes());
    }
    tensors.put(name, tensor);
  }

  /** Returns the offset of a tensor whose predecessor ends here. */
  static long aligned(long position) {
    return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private void pad(long to) throws IOException {
    int bytes = (int) (to - position);
    Arrays.fill(chunk.array(), 0, bytes, (byte) 0);
    write(bytes);
  }

  private void write(int bytes) throws IOException {
    chunk.clear().limit(bytes);
    digest.update(chunk.array(), 0, bytes);
    while (chunk.hasRemaining()) {
      position += channel.write(chunk);
    }
  }

  /** Returns the tensors written so far, by name. */
  Map<String, OnnxGraph.Weight> tensors() {
    return tensors;
  }

  /** Flushes everything to the disk, closes the file and returns its description. */
  ModelDescription.Weights finish() throws IOException {
    channel.force(true);
    channel.close();
    return new ModelDescription.Weights(
        file.getFileName().toString(), position, Sha256.hex(digest));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

package dev.kiln.export;

import dev.kiln.model.ModelDescription;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes {@code weights.bin}: one float32 tensor after the other, each from a page boundary on so
 * that it can be mapped on its own.
 */
final class WeightsFile implements AutoCloseable {
  private static final int ALIGNMENT = 4096;
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path file;
  private final FileChannel channel;
  private final MessageDigest digest;
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Map<String, ModelDescription.Tensor> tensors = new LinkedHashMap<>();
  private long position;

  WeightsFile(Path file) throws IOException {
    this.file = file;
    this.digest = sha256();
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Appends a tensor. */
  void add(String name, float[] values, long... shape) throws IOException {
    List<Long> dimensions = Arrays.stream(shape).boxed().toList();
    ModelDescription.Tensor tensor =
        new ModelDescription.Tensor(name, dimensions, alignedPosition());
    if (tensor.size() != values.length) {
      throw new IllegalArgumentException(
          "%s: %d values for shape %s".formatted(name, values.length, dimensions));
    }
    pad(tensor.offset());
    for (int at = 0; at < values.length; ) {
      int count = Math.min(values.length - at, CHUNK_BYTES / Float.BYTES);
      chunk.clear();
      chunk.asFloatBuffer().put(values, at, count);
      write(count * Float.BYTES);
      at += count;
    }
    tensors.put(name, tensor);
  }

  private long alignedPosition() {
    return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private void pad(long to) throws IOException {
    int bytes = (int) (to - position);
    chunk.clear();
    Arrays.fill(chunk.array(), 0, bytes, (byte) 0);
    write(bytes);
  }

  private void write(int bytes) throws IOException {
    chunk.position(0).limit(bytes);
    digest.update(chunk.array(), 0, bytes);
    while (chunk.hasRemaining()) {
      position += channel.write(chunk);
    }
  }

  /** What was written so far, by name. */
  Map<String, ModelDescription.Tensor> tensors() {
    return tensors;
  }

  /** Brings everything to the disk and describes the file, which takes nothing more. */
  ModelDescription.Weights finish() throws IOException {
    channel.force(true);
    channel.close();
    return new ModelDescription.Weights(
        file.getFileName().toString(), position, HexFormat.of().formatHex(digest.digest()));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

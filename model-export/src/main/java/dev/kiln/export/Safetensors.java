package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A safetensors file: eight bytes of header length, a JSON header with each tensor's type, shape
 * and bytes, then the values.
 */
final class Safetensors {
  /** Limit of the format for its header. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private Safetensors() {}

  /** Returns whether a file that begins with these bytes can be safetensors. */
  static boolean startsLike(byte[] head) {
    return head.length > Long.BYTES
        && head[Long.BYTES] == '{'
        && headerLength(head) <= MAX_HEADER_BYTES
        && headerLength(head) >= 2;
  }

  private static long headerLength(byte[] head) {
    return ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  static Map<String, Object> stateDict(CheckpointFile source) throws IOException {
    Path file = source.path();
    JsonNode header;
    long dataStart;
    source.fetch(List.of(ByteRange.between(0, Math.min(Files.size(file), Long.BYTES))));
    // Unbuffered: only bytes that were fetched are valid.
    try (InputStream in = Files.newInputStream(file)) {
      long length = headerLength(in.readNBytes(Long.BYTES));
      dataStart = Long.BYTES + length;
      // Room for a damaged length, which the check below finds.
      source.fetch(List.of(ByteRange.between(0, Math.min(Files.size(file), dataStart))));
      byte[] json = in.readNBytes((int) length);
      if (json.length < length) {
        throw new IOException("unexpected end of file in the header");
      }
      header = JsonMapper.shared().readTree(json);
    } catch (JacksonException e) {
      throw new IOException("the header is not JSON", e);
    }
    long dataBytes = Files.size(file) - dataStart;
    Map<String, Object> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        tensors.put(
            entry.getKey(), stored(source, dataStart, dataBytes, entry.getKey(), entry.getValue()));
      }
    }
    return tensors;
  }

  private static StoredTensor stored(
      CheckpointFile file, long dataStart, long dataBytes, String name, JsonNode node) {
    List<Long> shape = new ArrayList<>();
    node.path("shape").forEach(size -> shape.add(size.asLong(-1)));
    JsonNode offsets = node.path("data_offsets");
    long begin = offsets.path(0).asLong(-1);
    long end = offsets.path(1).asLong(-1);
    if (shape.contains(-1L) || begin < 0 || end < begin) {
      throw new ConfigurationException(
          "checkpoint %s: tensor %s: expected a shape and data_offsets, found %s"
              .formatted(file.name(), name, node));
    }
    long held = Math.max(0, Math.min(end, dataBytes) - begin);
    return new StoredTensor(
        name,
        shape,
        StoredTensor.contiguous(shape),
        node.path("dtype").asString(""),
        0,
        new Region(file.path(), name, dataStart + begin, held));
  }

  /** A tensor's bytes within the file. */
  private record Region(Path file, String name, long start, long bytes) implements Storage {
    @Override
    public ByteRange range() {
      return new ByteRange(start, bytes);
    }

    @Override
    public InputStream open(long offset) throws IOException {
      SeekableByteChannel channel = Files.newByteChannel(file);
      channel.position(start + offset);
      return Channels.newInputStream(channel);
    }
  }
}

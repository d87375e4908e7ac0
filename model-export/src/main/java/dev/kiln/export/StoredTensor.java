package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A tensor in a checkpoint: a strided view of a {@link Storage}. Its values are read only on
 * request.
 *
 * @param name name in the checkpoint
 * @param shape size of each dimension
 * @param strides elements from one index of a dimension to the next
 * @param typeName the checkpoint's name of its type
 * @param offset first element within the storage
 * @param storage storage of its values
 */
record StoredTensor(
    String name,
    List<Long> shape,
    List<Long> strides,
    String typeName,
    long offset,
    Storage storage) {

  /** Most values in memory at once; the largest tensor of an encoder has a thirtieth of it. */
  private static final long MAX_SPAN = 1L << 28;

  private static final int CHUNK_BYTES = 1 << 20;

  StoredTensor {
    shape = List.copyOf(shape);
    strides = List.copyOf(strides);
  }

  /** Returns the strides of a contiguous tensor of this shape, last dimension fastest. */
  static List<Long> contiguous(List<Long> shape) {
    Long[] strides = new Long[shape.size()];
    long stride = 1;
    for (int d = shape.size() - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= Math.max(1, shape.get(d));
    }
    return List.of(strides);
  }

  /**
   * Checks that this tensor can be read as one of the given shape.
   *
   * @throws ConfigurationException naming the tensor, the expectation and what was found
   */
  void check(String file, List<Long> expected) {
    if (!shape.equals(expected)) {
      throw fault(file, "expected shape " + expected + ", found " + shape);
    }
    DataType type =
        TypeNames.find(typeName)
            .orElseThrow(
                () ->
                    fault(file, "expected float32, float16 or bfloat16 values, found " + typeName));
    if (strides.size() != shape.size() || strides.stream().anyMatch(s -> s < 0) || offset < 0) {
      throw fault(file, "expected strides for " + shape + ", found " + strides + " from " + offset);
    }
    if (Math.max(size(), span()) > MAX_SPAN) {
      throw fault(
          file,
          "expected at most %d values, found shape %s with strides %s"
              .formatted(MAX_SPAN, shape, strides));
    }
    long held = storage.bytes() / type.bytes();
    if (offset > held - span()) {
      throw fault(
          file,
          "expected at least %d values in %s, found %d (truncated?)"
              .formatted(offset + span(), storage.name(), held));
    }
  }

  private ConfigurationException fault(String file, String problem) {
    return new ConfigurationException(
        "checkpoint %s: tensor %s: %s".formatted(file, name, problem));
  }

  /** Reads all values in row-major order; call {@link #check} first. */
  float[] read() throws IOException {
    DataType type = TypeNames.find(typeName).orElseThrow();
    float[] span = readSpan(type);
    return isContiguous() ? span : gather(span);
  }

  private long size() {
    // Doubles saturate where a product of longs would overflow.
    return (long) shape.stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
  }

  /** Returns the number of elements from the first of this tensor to the last. */
  private long span() {
    if (shape.contains(0L)) {
      return 0;
    }
    double last = 0; // Saturates, too.
    for (int d = 0; d < shape.size(); d++) {
      last += (double) (shape.get(d) - 1) * strides.get(d);
    }
    return (long) (last + 1);
  }

  private boolean isContiguous() {
    List<Long> expected = contiguous(shape);
    for (int d = 0; d < shape.size(); d++) {
      if (shape.get(d) > 1 && !strides.get(d).equals(expected.get(d))) {
        return false;
      }
    }
    return true;
  }

  private float[] readSpan(DataType type) throws IOException {
    float[] values = new float[Math.toIntExact(span())];
    byte[] chunk = new byte[CHUNK_BYTES];
    try (InputStream in = storage.open(offset * type.bytes())) {
      for (int at = 0; at < values.length; ) {
        int wanted = Math.min(values.length - at, CHUNK_BYTES / type.bytes());
        int bytes = wanted * type.bytes();
        if (in.readNBytes(chunk, 0, bytes) < bytes) {
          throw new IOException("unexpected end of " + storage.name());
        }
        for (int i = 0; i < wanted; i++) {
          values[at++] = type.decode(chunk, i * type.bytes());
        }
      }
    }
    return values;
  }

  private float[] gather(float[] span) {
    float[] values = new float[Math.toIntExact(size())];
    long[] index = new long[shape.size()];
    for (int i = 0; i < values.length; i++) {
      long at = 0;
      for (int d = 0; d < index.length; d++) {
        at += index[d] * strides.get(d);
      }
      values[i] = span[(int) at];
      for (int d = index.length - 1; d >= 0 && ++index[d] == shape.get(d); d--) {
        index[d] = 0;
      }
    }
    return values;
  }
}

package dev.kiln.search;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads vectors from a file: NumPy's {@code .npy} (float32 or float64, one or two dimensions, in C
 * order), or JSON (an array of numbers, or an array of such arrays).
 */
public final class VectorFile {
  private static final byte[] NUMPY = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");
  private static final int MAX_VALUES = 1 << 24;

  private VectorFile() {}

  /**
   * Reads the vectors of a file; at least one.
   *
   * @throws ConfigurationException if the file is missing or is anything else
   * @throws IOException if it cannot be read
   */
  public static List<float[]> read(Path path) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(path + ": there is no such file", e);
    }
    List<float[]> vectors =
        Arrays.equals(bytes, 0, Math.min(NUMPY.length, bytes.length), NUMPY, 0, NUMPY.length)
            ? numpy(path, bytes)
            : json(path, bytes);
    if (vectors.isEmpty() || vectors.get(0).length == 0) {
      throw new ConfigurationException(Mismatch.of(path.toString(), "a vector", "none"));
    }
    return vectors;
  }

  /** The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. */
  private static List<float[]> numpy(Path path, byte[] bytes) {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int lengthBytes = bytes.length > 6 && bytes[6] >= 2 ? 4 : 2;
    int headerAt = 8 + lengthBytes;
    int headerLength = -1;
    if (bytes.length >= headerAt) {
      headerLength = lengthBytes == 4 ? file.getInt(8) : file.getShort(8) & 0xFFFF;
    }
    if (headerLength < 0 || headerLength > bytes.length - headerAt) {
      throw new ConfigurationException(path + ": truncated .npy file");
    }
    String header = new String(bytes, headerAt, headerLength, StandardCharsets.ISO_8859_1);
    String type = find(path, TYPE, header);
    int width =
        switch (type) {
          case "<f4" -> Float.BYTES;
          case "<f8" -> Double.BYTES;
          default ->
              throw new ConfigurationException(
                  Mismatch.ofText(path.toString(), "float32 or float64 ('<f4', '<f8')", type));
        };
    List<Integer> shape = new ArrayList<>();
    for (String size : find(path, SHAPE, header).split(",")) {
      if (!size.isBlank()) {
        shape.add(size(path, size.strip()));
      }
    }
    if (shape.isEmpty()
        || shape.size() > 2
        || shape.size() == 2 && find(path, ORDER, header).equals("True")) {
      throw new ConfigurationException(
          Mismatch.of(path.toString(), "one or two dimensions in C order", header.strip()));
    }
    int dim = shape.get(shape.size() - 1);
    int count = shape.size() == 2 ? shape.get(0) : 1;
    int at = headerAt + headerLength;
    if ((long) count * dim * width != bytes.length - at) {
      throw new ConfigurationException(
          Mismatch.of(
              path.toString(), (long) count * dim * width + " bytes of values", bytes.length - at));
    }
    List<float[]> vectors = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      float[] vector = new float[dim];
      for (int i = 0; i < dim; i++, at += width) {
        vector[i] = width == Float.BYTES ? file.getFloat(at) : (float) file.getDouble(at);
      }
      vectors.add(vector);
    }
    return vectors;
  }

  private static int size(Path path, String text) {
    try {
      int size = Integer.parseInt(text);
      if (size >= 0 && size <= MAX_VALUES) {
        return size;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new ConfigurationException(
        Mismatch.ofText(path.toString(), "sizes up to " + MAX_VALUES, text));
  }

  private static String find(Path path, Pattern pattern, String header) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new ConfigurationException(
          Mismatch.ofText(path.toString(), "the header of a .npy file", header.strip()));
    }
    return matcher.group(1);
  }

  private static List<float[]> json(Path path, byte[] bytes) {
    JsonNode root;
    try {
      root = JsonMapper.shared().readTree(bytes);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          Mismatch.of(path.toString(), "a .npy file or a JSON array", e.getOriginalMessage()), e);
    }
    if (!root.isArray()) {
      throw new ConfigurationException(
          Mismatch.of(path.toString(), "a .npy file or a JSON array", "other JSON"));
    }
    List<float[]> vectors = new ArrayList<>();
    if (root.size() > 0 && root.get(0).isArray()) {
      root.forEach(row -> vectors.add(numbers(path, row)));
    } else {
      vectors.add(numbers(path, root));
    }
    return vectors;
  }

  private static float[] numbers(Path path, JsonNode array) {
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      if (!array.get(i).isNumber()) {
        throw new ConfigurationException(
            Mismatch.of(path + ": value " + i, "a number", array.get(i)));
      }
      vector[i] = (float) array.get(i).doubleValue();
    }
    return vector;
  }
}

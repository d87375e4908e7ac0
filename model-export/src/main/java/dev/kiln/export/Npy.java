package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An array of NumPy's {@code .npy} format (version 1), as float32.
 *
 * @param shape row-major
 * @param values all values
 */
public record Npy(int[] shape, float[] values) {
  private static final int MAGIC = 8;
  private static final Pattern HEADER =
      Pattern.compile("'descr': '([<|]\\w+)', 'fortran_order': False, 'shape': \\(([\\d, ]*)\\)");

  /**
   * Reads little-endian float32, float64, uint8, uint16 and int16.
   *
   * @param file the file
   * @throws ConfigurationException if the file has another format or is truncated
   * @throws IOException if the file cannot be read
   */
  public static Npy read(Path file) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    try {
      data.position(MAGIC);
      byte[] text = new byte[data.getShort()];
      data.get(text);
      Matcher header = HEADER.matcher(new String(text, StandardCharsets.US_ASCII));
      if (!header.find()) {
        throw new ConfigurationException(
            file + ": expected a .npy file of version 1, found another format");
      }
      int[] shape =
          Arrays.stream(header.group(2).split(","))
              .map(String::strip)
              .filter(size -> !size.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
      for (int i = 0; i < values.length; i++) {
        values[i] = next(data, header.group(1), file);
      }
      return new Npy(shape, values);
    } catch (BufferUnderflowException | IllegalArgumentException | ArithmeticException e) {
      throw new ConfigurationException(file + ": damaged or truncated", e);
    }
  }

  private static float next(ByteBuffer data, String type, Path file) {
    return switch (type) {
      case "<f4" -> data.getFloat();
      case "<f8" -> (float) data.getDouble();
      case "|u1" -> data.get() & 0xff;
      case "<u2" -> data.getShort() & 0xffff;
      case "<i2" -> data.getShort();
      default ->
          throw new ConfigurationException(
              file + ": expected float32, float64, uint8, uint16 or int16, found " + type);
    };
  }
}

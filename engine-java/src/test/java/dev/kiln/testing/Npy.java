package dev.kiln.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An array of NumPy's {@code .npy} format, as float32.
 *
 * @param shape row-major
 * @param values all numbers
 */
public record Npy(int[] shape, float[] values) {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '([<|]\\w+)', 'fortran_order': False, 'shape': \\(([\\d, ]*)\\)");

  /** Reads little-endian float32, float64, uint8, uint16 and int16. */
  public static Npy read(Path file) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    data.position(8);
    byte[] text = new byte[data.getShort()];
    data.get(text);
    String header = new String(text, StandardCharsets.US_ASCII);
    Matcher matcher = HEADER.matcher(header);
    if (!matcher.find()) {
      throw new IOException(file + ": header " + header);
    }
    int[] shape =
        Arrays.stream(matcher.group(2).split(","))
            .map(String::strip)
            .filter(size -> !size.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    String type = matcher.group(1);
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case "<f4" -> data.getFloat();
            case "<f8" -> (float) data.getDouble();
            case "|u1" -> data.get() & 0xff;
            case "<u2" -> data.getShort() & 0xffff;
            case "<i2" -> data.getShort();
            default -> throw new IOException(file + ": type " + type);
          };
    }
    return new Npy(shape, values);
  }
}

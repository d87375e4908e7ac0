package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoundedValueTest {
  @ParameterizedTest
  @CsvSource({
    "FP32, 3f800000, 1, 0",
    "FP32, 3f800001, 1, 1",
    "BF16, 3f80, 1, 0",
    "BF16, 3f80, 1.00390625, 0.5", // between two neighbours
    "BF16, 3f81, 1, 1",
    "BF16, bf80, -1, 0",
    "BF16, 7fc0, 1, Infinity", // not a number
    "FP16, 3c00, 1, 0",
    "FP16, 3c01, 1, 1",
    "FP16, 7bff, 1e9, 0", // the largest stands for all beyond
    "FP16, fbff, -1e9, 0",
    "FP16, 7c00, 1e9, Infinity",
    "FP16, 0001, 5.9604645e-8, 0", // the smallest
    "FP16, 0001, 0, 1",
  })
  void countsUnitsInTheLastPlace(DataType format, String stored, float exact, double distance) {
    ByteBuffer bytes = ByteBuffer.allocate(4);
    if (format == DataType.FP32) {
      bytes.putInt(0, Integer.parseUnsignedInt(stored, 16));
    } else {
      bytes.putShort(0, (short) Integer.parseInt(stored, 16));
    }
    assertThat(RoundedValue.distance(format, bytes, 0, exact)).isEqualTo(distance);
  }
}

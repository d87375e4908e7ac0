package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StorageTypeTest {

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void everyPatternSurvives(StorageType type) {
    byte[] bytes = new byte[2];
    byte[] back = new byte[2];
    for (int bits = 0; bits < 1 << 16; bits++) {
      bytes[0] = (byte) bits;
      bytes[1] = (byte) (bits >> 8);
      float value = type.decode(bytes, 0);
      if (!Float.isNaN(value)) {
        type.encode(value, back, 0);
        assertThat(back).as("%s %x", type, bits).isEqualTo(bytes);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3c00, 1.0", "c000, -2.0", "0001, 5.9604645E-8", "03ff, 6.097555E-5", "0400, 6.103515625E-5",
    "7bff, 65504.0", "7c00, Infinity", "fc00, -Infinity", "7e00, NaN", "8000, -0.0"
  })
  void knownHalves(String bits, float value) {
    int pattern = Integer.parseInt(bits, 16);
    byte[] bytes = {(byte) pattern, (byte) (pattern >> 8)};
    assertThat(StorageType.FLOAT16.decode(bytes, 0)).isEqualTo(Float.valueOf(value));
  }

  @Test
  void roundsToTheNearestEven() {
    assertThat(roundTrip(StorageType.FLOAT16, 1 + 0x1p-11f)).isEqualTo(1f);
    assertThat(roundTrip(StorageType.FLOAT16, 1 + 3 * 0x1p-11f)).isEqualTo(1 + 0x1p-9f);
    assertThat(roundTrip(StorageType.FLOAT16, 65519f)).isEqualTo(65504f);
    assertThat(roundTrip(StorageType.FLOAT16, 65520f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(roundTrip(StorageType.FLOAT16, 0x1.ff8p-15f)).isEqualTo(0x1.ff8p-15f);
    assertThat(roundTrip(StorageType.FLOAT16, 0x1.fffp-15f)).isEqualTo(0x1p-14f);
    assertThat(roundTrip(StorageType.BFLOAT16, 1 + 0x1p-8f)).isEqualTo(1f);
    assertThat(roundTrip(StorageType.BFLOAT16, 1 + 3 * 0x1p-8f)).isEqualTo(1 + 0x1p-6f);
    assertThat(roundTrip(StorageType.BFLOAT16, Float.NaN)).isNaN();
    assertThat(roundTrip(StorageType.FLOAT16, Float.NaN)).isNaN();
  }

  private static float roundTrip(StorageType type, float value) {
    byte[] bytes = new byte[type.bytes()];
    type.encode(value, bytes, 0);
    return type.decode(bytes, 0);
  }
}

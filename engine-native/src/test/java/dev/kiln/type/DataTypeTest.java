package dev.kiln.type;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DataTypeTest {

  @ParameterizedTest
  @EnumSource(names = {"FP16", "BF16"})
  void everyBitPatternSurvivesARoundTrip(DataType type) {
    byte[] bytes = new byte[4];
    byte[] back = new byte[4];
    for (int bits = 0; bits < 1 << 16; bits++) {
      bytes[1] = (byte) bits;
      bytes[2] = (byte) (bits >> 8);
      float value = type.decode(bytes, 1);
      if (Float.isNaN(value)) {
        assertThat(type.toFloat(type.toBits(value))).isNaN();
      } else {
        type.encode(value, back, 1);
        assertThat(back).as("%s %x", type, bits).isEqualTo(bytes);
        assertThat(type.toBits(value)).isEqualTo(bits);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "-1.5", "3.4028235E38", "1.4E-45", "-Infinity", "-0.0"})
  void float32IsStoredLittleEndian(float value) {
    byte[] bytes = new byte[6];
    DataType.FP32.encode(value, bytes, 1);
    int bits = Float.floatToRawIntBits(value);
    assertThat(bytes)
        .containsExactly(0, bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff, bits >>> 24, 0);
    assertThat(DataType.FP32.decode(bytes, 1)).isEqualTo(Float.valueOf(value));
  }

  @ParameterizedTest
  @CsvSource({
    "3c00, 1.0", "c000, -2.0", "0001, 5.9604645E-8", "03ff, 6.097555E-5", "0400, 6.103515625E-5",
    "7bff, 65504.0", "7c00, Infinity", "fc00, -Infinity", "7e00, NaN", "8000, -0.0"
  })
  void decodesKnownHalves(String bits, float value) {
    int pattern = Integer.parseInt(bits, 16);
    byte[] bytes = {(byte) pattern, (byte) (pattern >> 8)};
    assertThat(DataType.FP16.decode(bytes, 0)).isEqualTo(Float.valueOf(value));
  }

  @Test
  void roundsToNearestEven() {
    assertThat(roundTrip(DataType.FP16, 1 + 0x1p-11f)).isEqualTo(1f);
    assertThat(roundTrip(DataType.FP16, 1 + 3 * 0x1p-11f)).isEqualTo(1 + 0x1p-9f);
    assertThat(roundTrip(DataType.FP16, 65519f)).isEqualTo(65504f);
    assertThat(roundTrip(DataType.FP16, 65520f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(roundTrip(DataType.FP16, 0x1.ff8p-15f)).isEqualTo(0x1.ff8p-15f);
    assertThat(roundTrip(DataType.FP16, 0x1.fffp-15f)).isEqualTo(0x1p-14f);
    assertThat(roundTrip(DataType.BF16, 1 + 0x1p-8f)).isEqualTo(1f);
    assertThat(roundTrip(DataType.BF16, 1 + 3 * 0x1p-8f)).isEqualTo(1 + 0x1p-6f);
    assertThat(roundTrip(DataType.BF16, Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(roundTrip(DataType.BF16, Float.NaN)).isNaN();
    assertThat(roundTrip(DataType.FP16, Float.NaN)).isNaN();
  }

  @Test
  void labelsAreParsedInAnyCase() {
    for (DataType type : DataType.values()) {
      assertThat(DataType.ofLabel(type.label())).contains(type);
      assertThat(DataType.ofLabel(type.name())).contains(type);
    }
    assertThat(DataType.BF16.label()).isEqualTo("bf16");
    assertThat(DataType.ofLabel("fp8")).isEmpty();
    assertThat(DataType.ofLabel("")).isEmpty();
  }

  @Test
  void sizesAreThoseOfTheFormats() {
    assertThat(DataType.FP32.bytes()).isEqualTo(4);
    assertThat(DataType.FP16.bytes()).isEqualTo(2);
    assertThat(DataType.BF16.bytes()).isEqualTo(2);
  }

  private static float roundTrip(DataType type, float value) {
    byte[] bytes = new byte[type.bytes()];
    type.encode(value, bytes, 0);
    return type.decode(bytes, 0);
  }
}

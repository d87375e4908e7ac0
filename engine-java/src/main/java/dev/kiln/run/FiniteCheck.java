package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;

/** The last guard of the output: a vector with a value that is not finite is never written. */
final class FiniteCheck {
  private final List<String> bandNames;

  /**
   * Creates a check.
   *
   * @param bandNames names of the bands, in the order of a strip's planes
   */
  FiniteCheck(List<String> bandNames) {
    this.bandNames = List.copyOf(bandNames);
  }

  /** Returns whether {@code count} values from {@code start} are all finite. */
  static boolean isFinite(FloatBuffer values, int start, int count) {
    float sum = 0;
    for (int i = start; i < start + count; i++) {
      // 0 for a finite value, else NaN.
      sum += values.get(i) * 0f;
    }
    return sum == 0;
  }

  /**
   * Returns the error of a scene one of whose vectors is not finite. It names the chip, and the
   * band whose pixels explain it.
   *
   * @param strip with the chip's pixels
   */
  SceneException error(StripWork strip, Chip chip, int chipSize) {
    return SceneException.permanent(
        strip.scene().sceneKey(),
        "chip (%d, %d): expected a finite embedding, found NaN or infinity; %s"
            .formatted(chip.x(), chip.y(), cause(strip, chip, chipSize)));
  }

  private String cause(StripWork work, Chip chip, int chipSize) {
    Strip strip = work.strip();
    int worst = -1;
    float largest = -1;
    for (int b = 0; b < strip.bands().size(); b++) {
      float magnitude =
          largestMagnitude(
              strip, strip.bands().get(b), work.column(chip), work.top(chip), chipSize);
      if (magnitude > largest) {
        largest = magnitude;
        worst = b;
      }
    }
    return String.format(
        Locale.ROOT,
        "band %s has values up to %s: declare its nodata value or mask it",
        worst < 0 ? "?" : bandNames.get(worst),
        Float.toString(largest));
  }

  /** Returns the largest magnitude of a chip's pixels in one band, NaN apart. */
  private static float largestMagnitude(
      Strip strip, BandPlane plane, int column, int row, int chipSize) {
    ByteBuffer raw = strip.raw();
    float[] line = new float[chipSize];
    float largest = 0;
    int top = row - strip.firstRow();
    for (int y = top; y < top + chipSize; y++) {
      plane.readLine(raw, column, y, line);
      for (float value : line) {
        largest = Float.isNaN(value) ? largest : Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }
}

package dev.kiln.sample;

import dev.kiln.memory.HostBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Paints a NAIP scene strip by strip, as an aerial camera sees the landscape: 8 bits with a tone
 * curve, bands red, green, blue and near infrared of a pixel side by side.
 */
final class NaipPainter {
  static final List<String> BANDS = List.of("red", "green", "blue", "nir");

  /** Rows painted at once by one thread. */
  private static final int SWATH = 32;

  private static final int REFLECTANCES = 10_000;
  private static final float[] VISIBLE = new float[REFLECTANCES];
  private static final float[] INFRARED = new float[REFLECTANCES];

  /** Strength of the sensor's noise in levels of 255. */
  private static final float SHARED_NOISE = 9;

  private static final float BAND_NOISE = 5;

  static {
    // Shadows are lifted and lights held back, as in the real product.
    for (int i = 0; i < REFLECTANCES; i++) {
      VISIBLE[i] = (float) (-8 + 266 * StrictMath.pow(i / 5200.0, 0.5));
      INFRARED[i] = (float) (255 * StrictMath.pow(i / 7000.0, 0.75));
    }
  }

  private final NaipScene scene;
  private final Window window;
  private final long seed;

  NaipPainter(NaipScene scene, Window window, long seed) {
    this.scene = scene;
    this.window = window;
    this.seed = seed;
  }

  /**
   * Paints some rows, on all cores.
   *
   * @param into takes them from its first byte, {@code [rows, width, 4]}
   */
  void paint(int firstRow, int rows, HostBuffer into) {
    IntStream.range(0, (rows + SWATH - 1) / SWATH)
        .parallel()
        .forEach(i -> paintSwath(firstRow, i * SWATH, Math.min(SWATH, rows - i * SWATH), into));
  }

  private void paintSwath(int stripRow, int firstRow, int rows, HostBuffer into) {
    Landscape landscape =
        new Landscape(
            scene.survey().region(), seed, scene.year(), window.rows(stripRow + firstRow, rows));
    Ground ground = new Ground(BANDS);
    PixelNoise noise = new PixelNoise(seed ^ scene.id().hashCode());
    int lineBytes = window.width() * BANDS.size();
    byte[] line = new byte[lineBytes];
    for (int row = 0; row < rows; row++) {
      landscape.row(row);
      for (int column = 0; column < window.width(); column++) {
        landscape.paint(column, ground);
        noise.pixel(column, stripRow + firstRow + row, BANDS.size());
        for (int b = 0; b < BANDS.size(); b++) {
          float[] tone = b == 3 ? INFRARED : VISIBLE;
          int reflectance = Math.min(REFLECTANCES - 1, (int) ground.reflectance(b));
          float value =
              tone[reflectance] + SHARED_NOISE * noise.shared() + BAND_NOISE * noise.band(b);
          line[column * BANDS.size() + b] = (byte) Math.max(0, Math.min(255, (int) value));
        }
      }
      into.slice((long) (firstRow + row) * lineBytes, lineBytes).put(line);
    }
  }
}

package dev.kiln.sample;

import dev.kiln.memory.HostBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Paints a NAIP scene strip by strip: 8 bits with a tone curve; bands red, green, blue and near
 * infrared, interleaved by pixel.
 */
final class NaipPainter {
  static final List<String> BANDS = List.of("red", "green", "blue", "nir");

  /** Rows per task. */
  private static final int SWATH = 32;

  private static final int REFLECTANCES = 10_000;
  private static final float[] VISIBLE = new float[REFLECTANCES];
  private static final float[] INFRARED = new float[REFLECTANCES];

  /** Amplitude of sensor noise in digital numbers. */
  private static final float SHARED_NOISE = 9;

  private static final float BAND_NOISE = 5;

  static {
    // Brightens shadows and compresses highlights, as in the real product.
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
   * Paints rows on all cores.
   *
   * @param firstRow first row
   * @param rows number of rows
   * @param into receives {@code [rows, width, 4]} from its first byte
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

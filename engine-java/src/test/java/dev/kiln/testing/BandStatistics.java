package dev.kiln.testing;

import dev.kiln.archive.NaipKey;
import dev.kiln.archive.OutputKey;
import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.memory.HostBuffer;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.ImagePyramid;
import dev.kiln.raster.SceneRaster;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.tiles.TiledTiff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Files of embeddings whose vectors have a known meaning: mean and standard deviation of each band
 * of a chip. Weights that are random cannot show whether a search or a map is right.
 */
public final class BandStatistics {
  private static final int CHIP = 256;
  private static final int BANDS = 4;

  private BandStatistics() {}

  /**
   * Writes the file of one NAIP scene.
   *
   * @param archive local mirror of the bucket
   * @param key scene key
   * @param out output of the file, under the key that kiln embed uses
   */
  public static void write(Path archive, String key, Path out)
      throws IOException, InterruptedException {
    Scene scene = NaipKey.parse(key).scene(PlatformCatalog.builtIn().get("naip"));
    byte[] bytes = Files.readAllBytes(archive.resolve(key));
    try (HostBuffer buffer = HostBuffer.allocate(key, bytes.length)) {
      buffer.slice(0, bytes.length).put(bytes);
      try (CogFile file = CogFile.open(key, buffer, 1);
          SceneRaster raster = SceneRaster.of(List.of(new SceneRaster.Source("red", file, 1)));
          ImagePyramid image = ImagePyramid.open(key, buffer, buffer::slice)) {
        List<Chip> chips = new ArrayList<>();
        List<float[]> vectors = new ArrayList<>();
        for (int y = 0; y < image.height() / CHIP; y++) {
          for (int x = 0; x < image.width() / CHIP; x++) {
            double[][] corners = raster.corners(x * CHIP, y * CHIP, CHIP).orElseThrow();
            chips.add(new Chip(x, y, 0, 0, new Footprint(corners[0], corners[1])));
            vectors.add(statistics(image, x * CHIP, y * CHIP));
          }
        }
        int dim = 2 * BANDS;
        float[] all = new float[chips.size() * dim];
        for (int i = 0; i < chips.size(); i++) {
          System.arraycopy(vectors.get(i), 0, all, i * dim, dim);
        }
        SceneTable table =
            new SceneTable(
                new SceneInfo(
                    scene.itemId(), "naip", scene.datetime(), scene.gsd(), scene.uri(), CHIP, dim),
                chips,
                all);
        ChipFiles.write(out.resolve(OutputKey.of(key)), table, "band statistics");
      }
    }
  }

  /** Returns mean and standard deviation of each band, relative to the middle of the range. */
  private static float[] statistics(ImagePyramid image, int x, int y) {
    float[] vector = new float[2 * BANDS];
    for (int b = 0; b < BANDS; b++) {
      float[] pixels = image.read(0, new TiledTiff.Window(x, y, CHIP, CHIP), b + 1);
      double sum = 0;
      double squares = 0;
      for (float pixel : pixels) {
        sum += pixel;
        squares += (double) pixel * pixel;
      }
      double mean = sum / pixels.length;
      vector[b] = (float) ((mean - 128) / 32);
      vector[BANDS + b] = (float) (Math.sqrt(squares / pixels.length - mean * mean) / 16);
    }
    return vector;
  }
}

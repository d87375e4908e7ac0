package dev.kiln.awsbatch;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Count;
import dev.kiln.raster.ChipLayout;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Total work of a scene list.
 *
 * @param scenes scenes in the list
 * @param chips chips to embed
 * @param reads requests to the source
 * @param bytesRead bytes to fetch
 * @param bytesWritten bytes of output files
 * @param basis where the numbers come from
 */
public record Workload(
    long scenes, double chips, double reads, double bytesRead, double bytesWritten, String basis) {
  /** Largest range of a request. */
  private static final double BYTES_PER_READ = 8 << 20;

  /** A vector of 1,024 float32 values, which hardly compress, and the other columns. */
  private static final double BYTES_PER_CHIP = 4_200;

  /**
   * Estimates the work of a list from its keys.
   *
   * @param name option that named the list and its value, for messages
   * @param layout of chips
   * @param chipsPerScene overrides the estimate from the keys
   * @param keep share of chips that remain after masking, 0 to 1
   * @throws ConfigurationException if the list is empty or the size of a scene is unknown
   */
  public static Workload of(
      String name,
      SceneList.Source list,
      ChipLayout layout,
      OptionalDouble chipsPerScene,
      double keep)
      throws IOException {
    double[] sums = new double[3];
    Map<String, Long> platforms = new TreeMap<>();
    long scenes =
        SceneList.each(
            name,
            list,
            sceneKey -> {
              SceneShape shape = SceneShape.of(sceneKey, layout).orElse(null);
              if (shape == null && chipsPerScene.isEmpty()) {
                throw new ConfigurationException(
                    name
                        + ": unknown size of scene "
                        + sceneKey
                        + ": give --chips-per-scene, or a --report of a run over some scenes");
              }
              double chips =
                  keep * (chipsPerScene.isPresent() ? chipsPerScene.getAsDouble() : shape.chips());
              double bytes = shape == null ? 0 : shape.bytes() * keep;
              sums[0] += chips;
              sums[1] += bytes;
              sums[2] += shape == null ? 1 : shape.objects() + Math.ceil(bytes / BYTES_PER_READ);
              platforms.merge(shape == null ? "scenes" : shape.platform(), 1L, Long::sum);
            });
    requireScenes(name, scenes);
    String kinds =
        platforms.entrySet().stream()
            .map(e -> "%,d %s".formatted(e.getValue(), e.getKey()))
            .collect(Collectors.joining(", "));
    String size = chipsPerScene.isPresent() ? "--chips-per-scene" : "the usual size of such scenes";
    return new Workload(
        scenes, sums[0], sums[2], sums[1], sums[0] * BYTES_PER_CHIP, kinds + ", " + size);
  }

  /** Estimates the work of a list from the average scene of a measured run. */
  public static Workload like(MeasuredRun run, String name, SceneList.Source list)
      throws IOException {
    long scenes = SceneList.each(name, list, sceneKey -> {});
    requireScenes(name, scenes);
    return new Workload(
        scenes,
        scenes * run.chips() / run.scenes(),
        scenes * run.reads() / run.scenes(),
        scenes * run.bytesRead() / run.scenes(),
        scenes * run.bytesWritten() / run.scenes(),
        "like %s of %s".formatted(Count.of(run.scenes(), "scene"), run.name()));
  }

  private static void requireScenes(String name, long scenes) {
    if (scenes == 0) {
      throw new ConfigurationException(
          name + ": the scene list is empty; write one with kiln manifest");
    }
  }

  double chipsPerScene() {
    return chips / scenes;
  }
}

package dev.kiln.awsbatch;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a scene list asks for in all.
 *
 * @param scenes in the list
 * @param chips to embed
 * @param reads requests for objects and ranges of them
 * @param bytesRead over the way
 * @param bytesWritten of files
 * @param basis how the numbers came about
 */
public record Workload(
    long scenes, double chips, double reads, double bytesRead, double bytesWritten, String basis) {
  /** Ranges are fetched in parts of so many bytes. */
  private static final double PART = 8 << 20;

  /** A vector of 1,024 floats, which hardly compress, and the columns beside it. */
  private static final double BYTES_PER_CHIP = 4_200;

  /**
   * Reads a list through.
   *
   * @param name the list and the option that named it, for messages
   * @param chipsPerScene goes before what keys tell
   * @param keep share of chips that masks leave, 0 to 1
   * @throws ConfigurationException if the list is empty or the keys do not tell a scene's size
   */
  public static Workload of(
      String name, SceneList.Source list, OptionalDouble chipsPerScene, double keep)
      throws IOException {
    double[] sums = new double[3];
    Map<String, Long> platforms = new TreeMap<>();
    long scenes =
        SceneList.each(
            name,
            list,
            key -> {
              SceneShape shape = SceneShape.of(key).orElse(null);
              if (shape == null && chipsPerScene.isEmpty()) {
                throw new ConfigurationException(
                    name
                        + ": the size of scene "
                        + key
                        + " is not known: give --chips-per-scene, or a --report of a run over some");
              }
              double chips =
                  keep * (chipsPerScene.isPresent() ? chipsPerScene.getAsDouble() : shape.chips());
              double bytes = shape == null ? 0 : shape.bytes() * keep;
              sums[0] += chips;
              sums[1] += bytes;
              sums[2] += shape == null ? 1 : shape.objects() + Math.ceil(bytes / PART);
              platforms.merge(shape == null ? "scenes" : shape.platform(), 1L, Long::sum);
            });
    requireScenes(name, scenes);
    String kinds =
        platforms.entrySet().stream()
            .map(e -> "%,d %s".formatted(e.getValue(), e.getKey()))
            .collect(Collectors.joining(", "));
    String size =
        chipsPerScene.isPresent() ? "--chips-per-scene" : "the size of scenes of their kind";
    return new Workload(
        scenes, sums[0], sums[2], sums[1], sums[0] * BYTES_PER_CHIP, kinds + ", by " + size);
  }

  /** As many scenes as a list has, each like the average of those of a measured run. */
  public static Workload like(MeasuredRun run, String name, SceneList.Source list)
      throws IOException {
    long scenes = SceneList.each(name, list, key -> {});
    requireScenes(name, scenes);
    return new Workload(
        scenes,
        scenes * run.chipsPerScene(),
        scenes * run.readsPerScene(),
        scenes * run.bytesReadPerScene(),
        scenes * run.bytesWrittenPerScene(),
        "like the %,d scenes of %s".formatted(run.scenes(), run.name()));
  }

  private static void requireScenes(String name, long scenes) {
    if (scenes == 0) {
      throw new ConfigurationException(name + ": the list is empty; write one with kiln manifest");
    }
  }

  double chipsPerScene() {
    return chips / scenes;
  }
}

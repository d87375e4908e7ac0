package dev.kiln.testing;

import dev.kiln.export.Npy;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Inputs and outputs of the published PyTorch encoder for one batch.
 *
 * @param pixels {@code [B, C, chip, chip]} raw
 * @param time {@code [B, 4]}
 * @param latlon {@code [B, 4]}
 * @param embeddings {@code [B, dim]}
 * @param tokens {@code [1, 17, dim]}, the first of chip 0
 */
public record GoldenCase(
    String name,
    String platform,
    float gsd,
    int chip,
    Npy pixels,
    Npy time,
    Npy latlon,
    Npy embeddings,
    Npy tokens) {

  /** Every case under a directory. */
  public static List<GoldenCase> under(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("case.json")))
          .sorted()
          .map(GoldenCase::read)
          .toList();
    }
  }

  private static GoldenCase read(Path directory) {
    JsonNode json = JsonMapper.shared().readTree(directory.resolve("case.json"));
    try {
      return new GoldenCase(
          directory.getFileName().toString(),
          json.get("platform").stringValue(),
          json.get("gsd").floatValue(),
          json.get("chip").intValue(),
          Npy.read(directory.resolve("pixels.npy")),
          Npy.read(directory.resolve("time.npy")),
          Npy.read(directory.resolve("latlon.npy")),
          Npy.read(directory.resolve("cls.npy")),
          Npy.read(directory.resolve("tokens.npy")));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** How many chips. */
  public int batch() {
    return pixels.shape()[0];
  }

  /** Normalised pixels as {@code [B, L, C·64]}, in the order (band, row, column) of a patch. */
  public float[] patches(Platform statistics) {
    int bands = pixels.shape()[1];
    int side = chip / 8;
    float[] patches = new float[pixels.values().length];
    int at = 0;
    for (int b = 0; b < batch(); b++) {
      for (int patch = 0; patch < side * side; patch++) {
        for (int c = 0; c < bands; c++) {
          float mean = (float) statistics.bands().get(c).mean();
          float std = (float) statistics.bands().get(c).std();
          for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 8; x++) {
              int row = patch / side * 8 + y;
              int column = patch % side * 8 + x;
              float pixel = pixels.values()[((b * bands + c) * chip + row) * chip + column];
              patches[at++] = (pixel - mean) / std;
            }
          }
        }
      }
    }
    return patches;
  }
}

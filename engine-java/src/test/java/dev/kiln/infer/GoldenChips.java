package dev.kiln.infer;

import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Chips of one golden case and their embeddings by the published PyTorch encoder.
 *
 * @param pixels {@code [B, C, chip, chip]} raw
 * @param time {@code [B, 4]}
 * @param location {@code [B, 4]}
 * @param embeddings {@code [B, dim]}
 */
public record GoldenChips(
    String name,
    String platform,
    float gsd,
    int chip,
    Npy pixels,
    Npy time,
    Npy location,
    Npy embeddings) {

  /** Returns all cases under a directory. */
  public static List<GoldenChips> under(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("case.json")))
          .sorted()
          .map(GoldenChips::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GoldenChips read(Path directory) {
    JsonNode json = JsonMapper.shared().readTree(directory.resolve("case.json"));
    try {
      return new GoldenChips(
          directory.getFileName().toString(),
          json.get("platform").stringValue(),
          json.get("gsd").floatValue(),
          json.get("chip").intValue(),
          Npy.read(directory.resolve("pixels.npy")),
          Npy.read(directory.resolve("time.npy")),
          Npy.read(directory.resolve("latlon.npy")),
          Npy.read(directory.resolve("cls.npy")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Exports the model of the cases for all of them. */
  public static ModelDirectory export(Path checkpoint, List<GoldenChips> cases, Path to) {
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    return Exporter.export(
        checkpoint,
        new Exporter.Options(
            cases.stream().map(GoldenChips::platform).map(catalog::get).toList(),
            cases.stream().map(GoldenChips::chip).toList(),
            false,
            false),
        to);
  }

  /** Returns the number of chips. */
  public int count() {
    return pixels.shape()[0];
  }

  /** Returns one chip as a strip of float32 planes. */
  Strip strip(int index) {
    int bands = pixels.shape()[1];
    int area = chip * chip;
    HostBuffer memory = HostBuffer.allocate("golden chip", (long) bands * area * Float.BYTES);
    memory
        .slice(0, bands * area * Float.BYTES)
        .asFloatBuffer()
        .put(pixels.values(), index * bands * area, bands * area);
    List<BandPlane> planes = new ArrayList<>();
    for (int b = 0; b < bands; b++) {
      long offset = (long) b * area * Float.BYTES;
      planes.add(
          new BandPlane(
              PixelType.FLOAT32, offset, chip, chip, Float.BYTES, chip * (long) Float.BYTES, 1));
    }
    return new Strip(memory, planes, 0, chip);
  }

  /** Encodes these chips as one batch. */
  public float[] encode(BatchSlot slot, int... chips)
      throws EncoderException, InterruptedException {
    slot.clear();
    List<Strip> strips = new ArrayList<>();
    try {
      for (int index : chips) {
        Strip strip = strip(index);
        strips.add(strip);
        slot.put(strip, 0, 0, row(time, index), row(location, index));
      }
      slot.start(gsd);
      FloatBuffer result = slot.await();
      float[] vectors = new float[result.remaining()];
      result.get(vectors);
      return vectors;
    } finally {
      strips.forEach(Strip::close);
      slot.clear();
    }
  }

  private static float[] row(Npy values, int index) {
    return Arrays.copyOfRange(values.values(), index * 4, index * 4 + 4);
  }
}

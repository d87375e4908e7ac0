package dev.kiln.selftest;

import dev.kiln.export.Npy;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.HostMemory;
import dev.kiln.memory.Strip;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Raw chips and their embeddings by the published encoder: a directory with {@code case.json} and
 * arrays.
 *
 * @param type of the pixels in the archive
 * @param gsd metres per pixel
 * @param chip edge in pixels
 * @param pixels {@code [B, C, chip, chip]}
 * @param time {@code [B, 4]}
 * @param location {@code [B, 4]}
 * @param embeddings {@code [B, dim]}
 */
record GoldenCase(
    String name,
    String platform,
    PixelType type,
    float gsd,
    int chip,
    Npy pixels,
    Npy time,
    Npy location,
    Npy embeddings) {

  static GoldenCase read(Path directory) throws IOException {
    JsonNode json = JsonMapper.shared().readTree(directory.resolve("case.json"));
    return new GoldenCase(
        directory.getFileName().toString(),
        json.get("platform").stringValue(),
        PixelType.valueOf(json.get("dtype").stringValue().toUpperCase(Locale.ROOT)),
        json.get("gsd").floatValue(),
        json.get("chip").intValue(),
        Npy.read(directory.resolve("pixels.npy")),
        Npy.read(directory.resolve("time.npy")),
        Npy.read(directory.resolve("latlon.npy")),
        Npy.read(directory.resolve("cls.npy")));
  }

  /** Returns the number of chips. */
  int count() {
    return pixels.shape()[0];
  }

  /** Returns the length of an embedding. */
  int dim() {
    return embeddings.shape()[1];
  }

  /** Encodes the chips; returns {@code [B, dim]}. */
  float[] encode(BatchSlot slot, HostMemory memory) throws EncoderException, InterruptedException {
    try (Strip strip = strip(memory)) {
      for (int i = 0; i < count(); i++) {
        slot.put(strip, i * chip, 0, row(time, i), row(location, i));
      }
      slot.start(gsd);
      FloatBuffer result = slot.await();
      float[] vectors = new float[result.remaining()];
      result.get(vectors);
      slot.clear();
      return vectors;
    }
  }

  private static float[] row(Npy values, int index) {
    return Arrays.copyOfRange(values.values(), index * 4, index * 4 + 4);
  }

  /**
   * Returns a strip with the chips side by side: bytes interleaved by pixel as in NAIP, other types
   * band by band.
   */
  private Strip strip(HostMemory memory) {
    int bands = pixels.shape()[1];
    int width = count() * chip;
    boolean interleaved = type == PixelType.UINT8;
    int pixelStride = interleaved ? bands * type.bytes() : type.bytes();
    int lineStride = width * pixelStride;
    int bandStride = interleaved ? type.bytes() : lineStride * chip;
    HostBuffer buffer = memory.allocate(name, (long) pixels.values().length * type.bytes());
    List<BandPlane> planes = new ArrayList<>();
    for (int c = 0; c < bands; c++) {
      long offset = (long) c * bandStride;
      planes.add(new BandPlane(type, offset, width, chip, pixelStride, lineStride, 1));
    }
    Strip strip = new Strip(buffer, planes, 0, chip);
    ByteBuffer raw = strip.raw();
    for (int i = 0; i < pixels.values().length; i++) {
      int x = i % chip;
      int y = i / chip % chip;
      int c = i / (chip * chip) % bands;
      int b = i / (chip * chip * bands);
      int at = c * bandStride + y * lineStride + (b * chip + x) * pixelStride;
      float value = pixels.values()[i];
      switch (type) {
        case UINT8 -> raw.put(at, (byte) value);
        case UINT16, INT16 -> raw.putShort(at, (short) (int) value);
        case FLOAT32 -> raw.putFloat(at, value);
      }
    }
    return strip;
  }
}

package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.infer.select.Encoders;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.Distance;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Raw pixels of every platform with a golden case, through strips and the encoder as in a run, give
 * the embeddings of the published encoder.
 */
@Timeout(600)
class PlatformGoldenCasesTest {
  /** Maximum relative L2 error: float32 sums in another order. */
  private static final double TOLERANCE = 2e-5;

  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir Path directory;

  private record Case(String name, String platform, int chip, JsonNode json, Path path) {
    static Case read(Path path) {
      JsonNode json = JsonMapper.shared().readTree(path.resolve("case.json"));
      return new Case(
          path.getFileName().toString(),
          json.get("platform").stringValue(),
          json.get("chip").intValue(),
          json,
          path);
    }

    Npy array(String name) throws IOException {
      return Npy.read(path.resolve(name + ".npy"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CPU", "ONNXRUNTIME"})
  void microCasesAgree(EncoderOptions.Kind kind) throws Exception {
    assertThat(check(MICRO, MICRO.resolve("clay-micro.ckpt"), kind)).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(names = {"CPU", "ONNXRUNTIME"})
  void tinyCasesAgree(EncoderOptions.Kind kind) throws Exception {
    Path golden = Path.of(System.getProperty("kiln.shared"), "golden");
    Path checkpoint = golden.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no golden checkpoint at " + checkpoint);
    assertThat(check(golden, checkpoint, kind)).isEqualTo(7);
  }

  private int check(Path golden, Path checkpoint, EncoderOptions.Kind kind) throws Exception {
    List<Case> cases;
    try (Stream<Path> entries = Files.list(golden)) {
      cases =
          entries
              .filter(entry -> Files.exists(entry.resolve("case.json")))
              .sorted()
              .map(Case::read)
              .toList();
    }
    ModelDirectory model =
        Exporter.export(
            checkpoint,
            new Exporter.Options(
                cases.stream().map(c -> PlatformCatalog.builtIn().get(c.platform())).toList(),
                cases.stream().map(Case::chip).toList(),
                false,
                false),
            directory.resolve("model"));
    for (Case each : cases) {
      check(each, model, kind);
    }
    return cases.size();
  }

  private static void check(Case golden, ModelDirectory model, EncoderOptions.Kind kind)
      throws Exception {
    Npy pixels = golden.array("pixels");
    Npy expected = golden.array("cls");
    float[] time = golden.array("time").values();
    float[] location = golden.array("latlon").values();
    int batch = pixels.shape()[0];
    EncoderOptions options = EncoderOptions.of(kind).withBatchSize(batch);
    try (Strip strip = strip(pixels, golden);
        Encoder encoder = Encoders.open(model.encoder(golden.platform(), golden.chip()), options)) {
      BatchSlot slot = encoder.newSlot();
      for (int b = 0; b < batch; b++) {
        slot.put(
            strip,
            b * golden.chip(),
            strip.firstRow(),
            Arrays.copyOfRange(time, 4 * b, 4 * b + 4),
            Arrays.copyOfRange(location, 4 * b, 4 * b + 4));
      }
      slot.start(golden.json().get("gsd").floatValue());
      FloatBuffer embeddings = slot.await();
      float[] got = new float[embeddings.remaining()];
      embeddings.get(got);
      int dim = expected.shape()[1];
      assertThat(got).hasSize(batch * dim);
      for (int b = 0; b < batch; b++) {
        assertThat(Distance.relative(got, expected.values(), b * dim, dim))
            .as("%s, chip %d", golden.name(), b)
            .isLessThan(TOLERANCE);
      }
    }
  }

  /**
   * Returns the chips of a case side by side: bytes interleaved by pixel as in NAIP, other types
   * band by band.
   */
  private static Strip strip(Npy pixels, Case golden) {
    PixelType type =
        PixelType.valueOf(golden.json().get("dtype").stringValue().toUpperCase(Locale.ROOT));
    int bands = pixels.shape()[1];
    int chip = golden.chip();
    int width = pixels.shape()[0] * chip;
    boolean interleaved = type == PixelType.UINT8;
    int pixelStride = interleaved ? bands * type.bytes() : type.bytes();
    int lineStride = width * pixelStride;
    int bandStride = interleaved ? type.bytes() : lineStride * chip;
    HostBuffer memory =
        HostBuffer.allocate(golden.name(), (long) pixels.values().length * type.bytes());
    List<BandPlane> planes =
        IntStream.range(0, bands)
            .mapToObj(
                c ->
                    new BandPlane(
                        type, (long) c * bandStride, width, chip, pixelStride, lineStride, 1))
            .toList();
    Strip strip = new Strip(memory, planes, 512, chip);
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

package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.export.Npy;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.GoldenChips;
import dev.kiln.infer.VectorRequest;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compares class token and patch tokens with those of the published PyTorch encoder. */
@Timeout(300)
class PatchTokensTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");
  private static final Path TINY =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("golden");
  private static final VectorRequest ALL = new VectorRequest(true, VectorRequest.ALL_PATCHES);

  /** Maximum relative L2 error: float32 sums in another order. */
  private static final double FP32 = 2e-5;

  @TempDir Path folder;

  private interface Opener {
    Encoder open(ExportedEncoder exported, VectorRequest request);
  }

  private static Encoder oneDnn(ExportedEncoder exported, VectorRequest request) {
    return new OneDnnEncoder(exported, 2, 1, DataType.FP32, request);
  }

  private static Encoder onnxRuntime(ExportedEncoder exported, VectorRequest request) {
    return new OnnxRuntimeEncoder(exported, 2, 1, request);
  }

  private ModelDirectory export(Path checkpoint, List<GoldenChips> cases) {
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    return Exporter.export(
        checkpoint,
        new Exporter.Options(
            cases.stream().map(GoldenChips::platform).map(catalog::get).toList(),
            cases.stream().map(GoldenChips::chip).toList(),
            true,
            false),
        folder.resolve("model"));
  }

  private static void check(Path directory, ModelDirectory model, Opener opener) throws Exception {
    for (GoldenChips golden : GoldenChips.under(directory)) {
      Npy expected = Npy.read(directory.resolve(golden.name()).resolve("tokens.npy"));
      int dim = expected.shape()[2];
      int count = expected.shape()[1];
      float[] vectors;
      try (Encoder encoder = opener.open(model.encoder(golden.platform(), golden.chip()), ALL)) {
        int side = golden.chip() / 8;
        assertThat(encoder.vectors().length()).isEqualTo(dim * (2 + side * side));
        // The case's chip 0 is the second of the batch.
        float[] batch = golden.encode(encoder.newSlot(), golden.count() - 1, 0);
        vectors = Arrays.copyOfRange(batch, batch.length / 2, batch.length);
      }
      for (int token = 0; token < count; token++) {
        int at = token == 0 ? 0 : (1 + token) * dim;
        assertThat(
                relative(
                    Arrays.copyOfRange(vectors, at, at + dim),
                    Arrays.copyOfRange(expected.values(), token * dim, (token + 1) * dim)))
            .as("%s, token %d", golden.name(), token)
            .isLessThan(FP32);
      }
      assertThat(
              relative(
                  Arrays.copyOfRange(vectors, dim, 2 * dim),
                  mean(vectors, 2 * dim, vectors.length, dim)))
          .isLessThan(1e-6);
    }
  }

  private static float[] mean(float[] values, int from, int to, int dim) {
    double[] sum = new double[dim];
    for (int i = from; i < to; i++) {
      sum[(i - from) % dim] += values[i];
    }
    float[] mean = new float[dim];
    for (int d = 0; d < dim; d++) {
      mean[d] = (float) (sum[d] * dim / (to - from));
    }
    return mean;
  }

  private static double relative(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    return Distance.relative(found, expected, 0, expected.length);
  }

  @Test
  void microTokensAgree() throws Exception {
    ModelDirectory model = export(MICRO.resolve("clay-micro.ckpt"), GoldenChips.under(MICRO));

    check(MICRO, model, PatchTokensTest::oneDnn);
    check(MICRO, model, PatchTokensTest::onnxRuntime);
  }

  @Test
  void tinyTokensAgree() throws Exception {
    Path checkpoint = TINY.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);

    check(TINY, export(checkpoint, GoldenChips.under(TINY)), PatchTokensTest::oneDnn);
  }

  @Test
  void aGridHasTheMeansOfItsSquares() throws Exception {
    GoldenChips golden =
        GoldenChips.under(MICRO).stream().filter(c -> c.chip() % 16 == 0).findFirst().orElseThrow();
    ModelDirectory model = export(MICRO.resolve("clay-micro.ckpt"), List.of(golden));
    ExportedEncoder exported = model.encoder(golden.platform(), golden.chip());
    int side = golden.chip() / 8;
    float[] all;
    float[] grid;
    float[] alone;
    try (Encoder encoder = oneDnn(exported, ALL)) {
      all = golden.encode(encoder.newSlot(), 0);
    }
    try (Encoder encoder = oneDnn(exported, new VectorRequest(false, 2))) {
      grid = golden.encode(encoder.newSlot(), 0);
    }
    try (Encoder encoder = oneDnn(exported, VectorRequest.CHIP)) {
      alone = golden.encode(encoder.newSlot(), 0);
    }

    int dim = alone.length;
    assertThat(grid).hasSize(5 * dim);
    assertThat(relative(Arrays.copyOf(grid, dim), alone)).isLessThan(FP32);
    for (int cell = 0; cell < 4; cell++) {
      float[] expected = new float[dim];
      int edge = side / 2;
      for (int y = cell / 2 * edge; y < (cell / 2 + 1) * edge; y++) {
        for (int x = cell % 2 * edge; x < (cell % 2 + 1) * edge; x++) {
          for (int d = 0; d < dim; d++) {
            expected[d] += all[(2 + y * side + x) * dim + d] / (edge * edge);
          }
        }
      }
      assertThat(relative(Arrays.copyOfRange(grid, (1 + cell) * dim, (2 + cell) * dim), expected))
          .isLessThan(1e-5);
    }
  }

  @Test
  void aGridThatDoesNotDivideTheChipIsRefused() {
    GoldenChips golden = GoldenChips.under(MICRO).get(0);
    ModelDirectory model = export(MICRO.resolve("clay-micro.ckpt"), List.of(golden));

    assertThatThrownBy(
            () ->
                oneDnn(
                    model.encoder(golden.platform(), golden.chip()), new VectorRequest(false, 7)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--patch-grid: expected a divisor of " + golden.chip() / 8);
  }
}

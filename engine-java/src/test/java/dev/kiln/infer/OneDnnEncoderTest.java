package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.model.ModelDirectory;
import dev.kiln.testing.Distance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The oneDNN encoder against the published PyTorch encoder. */
@Timeout(300)
class OneDnnEncoderTest {
  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");
  private static final Path TINY =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("golden");

  /** Relative L2 error that another order of float32 sums is allowed. */
  private static final double FP32 = 2e-5;

  /** PyTorch's own bfloat16 lies 5e-3 to 9e-3 away. */
  private static final double BF16 = 1e-2;

  private static final double BF16_COSINE = 0.9999;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void microCasesAgree(Precision precision) throws Exception {
    check(MICRO, MICRO.resolve("clay-micro.ckpt"), 4, precision);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void tinyCasesAgree(Precision precision) throws Exception {
    Path checkpoint = TINY.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    check(TINY, checkpoint, 7, precision);
  }

  private void check(Path directory, Path checkpoint, int expected, Precision precision)
      throws Exception {
    List<GoldenChips> cases = GoldenChips.under(directory);
    assertThat(cases).hasSize(expected);
    ModelDirectory model = GoldenChips.export(checkpoint, cases, folder.resolve("model"));
    for (GoldenChips golden : cases) {
      for (int batch : new int[] {1, 3, 8}) {
        try (Encoder encoder =
            new OneDnnEncoder(model, golden.platform(), golden.chip(), batch, 2, precision)) {
          int[] chips = IntStream.range(0, batch).map(i -> i % golden.count()).toArray();
          compare(golden, chips, golden.encode(encoder.newSlot(), chips), precision);
        }
      }
    }
  }

  private static void compare(
      GoldenChips golden, int[] chips, float[] vectors, Precision precision) {
    int dim = golden.embeddings().shape()[1];
    assertThat(vectors).hasSize(chips.length * dim);
    for (int i = 0; i < chips.length; i++) {
      float[] got = Arrays.copyOfRange(vectors, i * dim, (i + 1) * dim);
      float[] reference =
          Arrays.copyOfRange(golden.embeddings().values(), chips[i] * dim, (chips[i] + 1) * dim);
      double error = Distance.relative(got, reference, 0, dim);
      System.out.println(golden.name() + " " + precision + " " + error);
      assertThat(error)
          .as("%s, chip %d, batch of %d, %s", golden.name(), chips[i], chips.length, precision)
          .isLessThan(precision == Precision.FP32 ? FP32 : BF16);
      assertThat(cosine(got, reference)).isGreaterThan(BF16_COSINE);
    }
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }
}

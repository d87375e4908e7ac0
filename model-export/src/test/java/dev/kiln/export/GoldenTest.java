package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GoldenCase;
import dev.kiln.testing.OnnxRunner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The exported graphs, run in ONNX Runtime, against the published PyTorch encoder. */
class GoldenTest {
  /** Relative L2 error that float32 arithmetic in another order is allowed. */
  private static final double TOLERANCE = 2e-5;

  @TempDir Path temp;

  @Test
  void microCasesAgree() throws Exception {
    Path micro = Path.of(GoldenTest.class.getResource("/golden/micro").toURI());
    assertThat(checkCases(micro, micro.resolve("clay-micro.ckpt"))).isEqualTo(4);
  }

  @Test
  void tinyCasesAgree() throws Exception {
    Path golden = Path.of(System.getProperty("kiln.shared", "../shared")).resolve("golden");
    Path checkpoint = golden.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no " + checkpoint);
    assertThat(checkCases(golden, checkpoint)).isEqualTo(7);
  }

  private int checkCases(Path directory, Path checkpoint) throws Exception {
    List<GoldenCase> cases = GoldenCase.under(directory);
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    ModelDirectory model =
        Exporter.export(
            checkpoint,
            new Exporter.Options(
                cases.stream().map(GoldenCase::platform).map(catalog::get).toList(),
                cases.stream().map(GoldenCase::chip).toList(),
                true,
                false),
            temp.resolve("model"));
    for (GoldenCase golden : cases) {
      String platform = golden.platform();
      float[] patches = golden.patches(model.platform(platform));
      int dim = model.architecture().dim();

      float[] embeddings = OnnxRunner.run(model.graph(platform, golden.chip()), golden, patches);
      assertThat(embeddings).hasSize(golden.batch() * dim);
      for (int chip = 0; chip < golden.batch(); chip++) {
        assertThat(error(embeddings, golden.embeddings().values(), chip * dim, dim))
            .as("%s, chip %d", golden.name(), chip)
            .isLessThan(TOLERANCE);
      }

      float[] tokens = OnnxRunner.run(model.tokensGraph(platform, golden.chip()), golden, patches);
      for (int token = 0; token < golden.tokens().shape()[1]; token++) {
        assertThat(error(tokens, golden.tokens().values(), token * dim, dim))
            .as("%s, token %d", golden.name(), token)
            .isLessThan(TOLERANCE);
      }
    }
    return cases.size();
  }

  static double error(float[] actual, float[] expected, int from, int count) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < from + count; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}

package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.GoldenCase;
import dev.kiln.testing.OnnxRunner;
import dev.kiln.type.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RandomCheckpointTest {
  private static final Architecture MICRO = Architecture.named("micro");

  @TempDir Path temp;

  private Path write(String name, DataType type, long seed, long ballast) {
    Path file = temp.resolve(name);
    new RandomCheckpoint(MICRO, type, seed, ballast).write(file);
    return file;
  }

  @Test
  void theSeedDecides() {
    Path first = write("a", DataType.FP32, 1, 0);
    assertThat(write("b", DataType.FP32, 1, 0)).hasSameBinaryContentAs(first);
    assertThat(Files.exists(temp.resolve(".b.part"))).isFalse();
    float[] one = values(first);
    assertThat(values(write("c", DataType.FP32, 2, 0))).isNotEqualTo(one);
  }

  private static float[] values(Path file) {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return checkpoint.read("transformer.layers.0.0.to_qkv.weight");
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyNumberFormatCanBeRead(DataType type) {
    Path file = write("w.ckpt", type, 1, 0);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(EncoderTensors.infer(checkpoint)).isEqualTo(MICRO);
      float[] values = checkpoint.read("patch_embedding.fclayer.l1.weight");
      assertThat(values).doesNotContain(Float.NaN, Float.POSITIVE_INFINITY);
      assertThat(values[0]).isBetween(-0.1f, 0.1f).isNotZero();
    }
  }

  @Test
  void ballastFillsTheFileAndChangesNothing() throws Exception {
    Path plain = write("plain", DataType.FP32, 1, 0);
    Path heavy = write("heavy", DataType.FP32, 1, 10_000_000);
    assertThat(Files.size(heavy) - Files.size(plain)).isBetween(10_000_000L, 10_100_000L);
    assertThat(values(heavy)).isEqualTo(values(plain));
  }

  @Test
  void embeddingsAreFiniteAndDiffer() throws Exception {
    ModelDirectory model =
        Exporter.export(
            write("w.ckpt", DataType.FP32, 1, 0),
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false),
            temp.resolve("model"));
    Random random = new Random(1);
    int[] shape = {2, 4, 64, 64};
    float[] pixels = new float[2 * 4 * 64 * 64];
    for (int i = 0; i < pixels.length; i++) {
      // Two chips of one place and time: dark, then bright.
      pixels[i] = random.nextInt(100) + (i < pixels.length / 2 ? 0 : 100);
    }
    Npy zeros = new Npy(new int[] {2, 4}, new float[8]);
    GoldenCase chips =
        new GoldenCase("random", "naip", 1, 64, new Npy(shape, pixels), zeros, zeros, zeros, zeros);
    float[] embeddings =
        OnnxRunner.run(model.graph("naip", 64), chips, chips.patches(model.platform("naip")));
    double dot = 0;
    double norm0 = 0;
    double norm1 = 0;
    for (int i = 0; i < 64; i++) {
      assertThat(embeddings[i]).isFinite();
      assertThat(embeddings[64 + i]).isFinite();
      dot += embeddings[i] * embeddings[64 + i];
      norm0 += Math.pow(embeddings[i], 2);
      norm1 += Math.pow(embeddings[64 + i], 2);
    }
    assertThat(dot / Math.sqrt(norm0 * norm1)).isBetween(-0.99, 0.99);
  }

  @Test
  void cannotBeWritten() {
    Path file = temp.resolve("no/such/directory/w.ckpt");
    assertThatThrownBy(() -> new RandomCheckpoint(MICRO, DataType.FP32, 1, 0).write(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(file.toString());
  }
}

package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However the same weights are stored, the same model comes out. */
class CheckpointFormatsTest {
  @TempDir Path temp;
  private String expected;

  @BeforeEach
  void exportOriginal() {
    expected = export(MicroWeights.file(), "original").hash();
  }

  private ModelDirectory export(Path checkpoint, String name) {
    Exporter.Options options =
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false);
    return Exporter.export(checkpoint, options, temp.resolve(name));
  }

  private void assertSameModel(Path checkpoint) {
    assertThat(export(checkpoint, "other").hash()).isEqualTo(expected);
  }

  @Test
  void plainStateDict() throws Exception {
    assertSameModel(MicroWeights.whole("", DataType.FP32).write(temp.resolve("w.pt")));
  }

  @Test
  void stateDictOfAnEncoder() throws Exception {
    assertSameModel(MicroWeights.whole("encoder.", DataType.FP32).write(temp.resolve("w.pt")));
  }

  @Test
  void safetensors() throws Exception {
    assertSameModel(MicroWeights.writeSafetensors(temp.resolve("w.safetensors")));
  }

  @Test
  void float16() throws Exception {
    // The micro weights are exact in float16, so not a bit may change.
    assertSameModel(
        MicroWeights.whole("model.encoder.", DataType.FP16).write(temp.resolve("w.pt")));
  }

  @Test
  void bfloat16() throws Exception {
    Path file = MicroWeights.whole("model.encoder.", DataType.BF16).write(temp.resolve("w.pt"));
    Map<String, float[]> original = MicroWeights.values();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      EncoderTensors.infer(checkpoint);
      original.forEach(
          (name, values) -> {
            float[] read = checkpoint.read(name);
            assertThat(read).hasSameSizeAs(values);
            for (int i = 0; i < values.length; i++) {
              // Eight bits of significand: half a unit in the last place.
              assertThat(read[i]).isCloseTo(values[i], within(Math.abs(values[i]) / 256));
              assertThat(Float.floatToRawIntBits(read[i]) & 0xffff).isZero();
            }
          });
    }
  }

  private static org.assertj.core.data.Offset<Float> within(float offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }

  @Test
  void sharedStorage() throws Exception {
    assertSameModel(MicroWeights.shared(DataType.FP32).write(temp.resolve("w.pt")));
    assertThat(
            export(MicroWeights.shared(DataType.FP16).write(temp.resolve("half.pt")), "half")
                .hash())
        .isEqualTo(expected);
  }

  @Test
  void transposedStorage() throws Exception {
    assertSameModel(MicroWeights.transposed().write(temp.resolve("w.pt")));
  }

  @Test
  void parameters() throws Exception {
    MicroWeights weights = MicroWeights.whole("model.encoder.", DataType.FP32);
    String name = "cls_token";
    Object tensor =
        TorchPickler.Tensor.whole(
            DataType.FP32,
            weights.store(DataType.FP32, MicroWeights.values().get(name)),
            MicroWeights.shapes().get(name));
    Object parameter =
        new TorchPickler.Call("torch._utils", "_rebuild_parameter", List.of(tensor, true));
    assertSameModel(
        weights
            .put("model.encoder." + name, parameter)
            .writeLightning(temp.resolve("w.ckpt"), Map.of("epoch", 3)));
  }
}

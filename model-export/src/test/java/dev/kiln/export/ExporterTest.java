package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExporterTest {
  @TempDir Path temp;

  private static Exporter.Options options(boolean overwrite, String... platforms) {
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    List<Platform> wanted = Stream.of(platforms).map(catalog::get).toList();
    return new Exporter.Options(wanted, List.of(256, 64), false, overwrite);
  }

  private List<String> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(e -> e.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesWhatTheDescriptionSays() throws Exception {
    Path out = temp.resolve("new/model");
    ModelDirectory model =
        Exporter.export(MicroWeights.file(), options(false, "naip", "sentinel-2-l2a"), out);
    assertThat(entries(out))
        .containsExactly(
            "model.json",
            "naip-256.onnx",
            "naip-64.onnx",
            "sentinel-2-l2a-256.onnx",
            "sentinel-2-l2a-64.onnx",
            "weights.bin");
    assertThat(entries(temp.resolve("new"))).containsExactly("model");
    assertThat(model.platform("naip")).isEqualTo(PlatformCatalog.builtIn().get("naip"));
    assertThat(model.hash()).matches("[0-9a-f]{64}");
    for (ModelDescription.Tensor tensor : model.description().tensors()) {
      assertThat(tensor.offset() % 4096).as(tensor.name()).isZero();
    }
    assertThat(model.description().tensors())
        .extracting(ModelDescription.Tensor::name)
        .contains("patch.naip.weight", "patch.sentinel-2-l2a.bias", "block.1.attention.q");
  }

  /** y = x·W: rows are inputs, and the scale of 16-wide heads, 1/4, is in q. */
  @Test
  void weightsAreTurnedForTheGemm() {
    ModelDirectory model =
        Exporter.export(MicroWeights.file(), options(false, "naip"), temp.resolve("model"));
    float[] stored = MicroWeights.values().get("transformer.layers.0.0.to_qkv.weight");
    FloatBuffer qkv = model.tensor("block.0.attention.qkv");
    assertThat(qkv.remaining()).isEqualTo(64 * 192);
    for (int in = 0; in < 64; in++) {
      for (int out = 0; out < 192; out++) {
        float expected = stored[out * 64 + in] * (out < 64 ? 0.25f : 1);
        assertThat(qkv.get(in * 192 + out)).isEqualTo(expected);
      }
    }
  }

  @Test
  void isDeterministic() throws Exception {
    Path first = temp.resolve("first");
    Path second = temp.resolve("second");
    Exporter.export(MicroWeights.file(), options(false, "naip", "modis"), first);
    Exporter.export(MicroWeights.file(), options(false, "naip", "modis"), second);
    assertThat(entries(first)).isEqualTo(entries(second));
    for (String name : entries(first)) {
      assertThat(second.resolve(name)).hasSameBinaryContentAs(first.resolve(name));
    }
  }

  @Test
  void replacesAModelOnlyWhenAsked() throws Exception {
    Path out = temp.resolve("model");
    Exporter.export(MicroWeights.file(), options(false, "naip"), out);
    assertThatThrownBy(() -> Exporter.export(MicroWeights.file(), options(false, "linz"), out))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(out.toString(), "--overwrite");
    assertThat(entries(out)).contains("naip-256.onnx");

    Exporter.export(MicroWeights.file(), options(true, "linz"), out);
    assertThat(entries(out)).contains("linz-256.onnx").doesNotContain("naip-256.onnx");
    assertThat(entries(temp)).containsExactly("model");
  }

  @Test
  void neverReplacesWhatIsNotAModel() throws Exception {
    Path out = Files.createDirectory(temp.resolve("thesis"));
    Files.writeString(out.resolve("chapter1.txt"), "once");
    assertThatThrownBy(() -> Exporter.export(MicroWeights.file(), options(true, "naip"), out))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(out.toString(), "other files");
    assertThat(entries(out)).containsExactly("chapter1.txt");
  }

  @Test
  void takesAnEmptyDirectory() throws Exception {
    Path out = Files.createDirectory(temp.resolve("empty"));
    Exporter.export(MicroWeights.file(), options(false, "naip"), out);
    assertThat(entries(out)).contains("model.json");
    assertThat(entries(temp)).containsExactly("empty");
  }

  @Test
  void outputThatCannotBeADirectory() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "");
    for (Path out : List.of(file, file.resolve("model"))) {
      assertThatThrownBy(() -> Exporter.export(MicroWeights.file(), options(true, "naip"), out))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContainingAll(out.toString(), "-o");
    }
    assertThat(entries(temp)).containsExactly("file");
  }

  @Test
  void chipsMustBeWholePatches() {
    List<Platform> platforms = PlatformCatalog.builtIn().all();
    for (int chip : new int[] {0, -8, 250}) {
      assertThatThrownBy(() -> new Exporter.Options(platforms, List.of(chip), false, false))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContainingAll("multiple of 8", Integer.toString(chip), "--chip");
    }
  }

  @Test
  void somethingMustBeExported() {
    assertThatThrownBy(() -> new Exporter.Options(List.of(), List.of(256), false, false))
        .isInstanceOf(ConfigurationException.class);
  }
}

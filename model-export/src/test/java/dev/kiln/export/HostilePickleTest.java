package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pickle may ask for anything; nothing of it happens. */
class HostilePickleTest {
  @TempDir Path temp;

  private static Object read(String pickle) throws IOException {
    return TorchPickle.read(new ByteArrayInputStream(pickle.getBytes(StandardCharsets.ISO_8859_1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cos\nsystem\n(S'touch %s'\ntR.",
        "\u0080\u0002cposix\nsystem\n(S'touch %s'\ntR.",
        "(cos\nsystem\nS'touch %s'\no.",
        "(S'touch %s'\nios\nsystem\n.",
        "\u0080\u0002cos\nsystem\n(S'touch %s'\nt\u0081.",
        "\u0080\u0004S'os'\nS'system'\n\u0093(S'touch %s'\ntR.",
        "cbuiltins\neval\n(S'open(\"%s\", \"w\")'\ntR.",
        "cjava.lang\nRuntime\n(S'touch %s'\ntR."
      })
  void callsAreNotMade(String template) throws Exception {
    Path marker = temp.resolve("marker");
    Object value = read(template.formatted(marker));
    assertThat(value).isInstanceOf(TorchPickle.Opaque.class);
    assertThat(value.toString()).startsWith("a call of ");
    assertThat(marker).doesNotExist();

    Path file =
        MicroWeights.writeArchive(
            temp.resolve("evil.ckpt"),
            template.formatted(marker).getBytes(StandardCharsets.ISO_8859_1),
            List.of());
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("evil.ckpt", "expected a map of tensors", value.toString());
    assertThat(marker).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cdecimal\nDecimal\n(S'1e999999'\ntR.",
        "c__builtin__\nbytearray\n(I2000000000\ntR.",
        "coperator\nattrgetter\n(S'x'\ntR.",
        "carray\narray\n(S'd'\n(lp0\ntR.",
        "cbuiltins\nException\n(S'x'\ntR."
      })
  void theLibrarysOwnConstructorsAreNotUsed(String pickle) throws Exception {
    assertThat(read(pickle)).isInstanceOf(TorchPickle.Opaque.class);
  }

  /** BUILD would look up a method by name on whatever object lies on the stack. */
  @Test
  void stateIsNotSet() throws Exception {
    assertThat(read("(dS'a'\nI1\ns(dS'b'\nI2\nsb.")).isEqualTo(Map.of("a", 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "R.", "(t", "c", "\u0080\u0063.", "cos\nsystem\nI1\nR.", "Z"})
  void brokenPicklesAreOneClearLine(String pickle) throws Exception {
    Path file =
        MicroWeights.writeArchive(
            temp.resolve("broken.ckpt"), pickle.getBytes(StandardCharsets.ISO_8859_1), List.of());
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("broken.ckpt")
        .message()
        .hasLineCount(1);
  }

  @Test
  void aCallBesideTheEncoderIsIgnored() throws Exception {
    Path marker = temp.resolve("marker");
    Object call = new TorchPickler.Call("os", "system", List.of("touch " + marker));
    Path file =
        MicroWeights.whole("model.encoder.", DataType.FP32)
            .writeLightning(temp.resolve("w.ckpt"), Map.of("hyper_parameters", call));
    ModelDirectory model = Exporter.export(file, options(), temp.resolve("model"));
    assertThat(model.architecture().name()).isEqualTo("micro");
    assertThat(marker).doesNotExist();
  }

  @Test
  void aCallInPlaceOfAnEncoderTensorIsRefused() throws Exception {
    Path marker = temp.resolve("marker");
    Object call = new TorchPickler.Call("os", "system", List.of("touch " + marker));
    Path file =
        MicroWeights.whole("model.encoder.", DataType.FP32)
            .put("model.encoder.transformer.norm.bias", call)
            .write(temp.resolve("w.ckpt"));
    assertThatThrownBy(() -> Exporter.export(file, options(), temp.resolve("model")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "model.encoder.transformer.norm.bias",
            "expected a tensor",
            "a call of os.system, which Kiln does not run");
    assertThat(marker).doesNotExist();
    assertThat(Files.exists(temp.resolve("model"))).isFalse();
  }

  private static Exporter.Options options() {
    return new Exporter.Options(
        List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false);
  }
}

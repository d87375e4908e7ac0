package dev.kiln.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {
  @TempDir Path temp;
  private Path path;
  private ModelDirectory model;

  @BeforeEach
  void export() {
    Path checkpoint = temp.resolve("w.ckpt");
    new RandomCheckpoint(Architecture.named("micro"), DataType.FP32, 1, 0).write(checkpoint);
    path = temp.resolve("model");
    model =
        Exporter.export(
            checkpoint,
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false),
            path);
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> ModelDirectory.open(path))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContainingAll(parts)
        .message()
        .hasLineCount(1);
  }

  private void edit(String from, String to) throws IOException {
    Path json = path.resolve("model.json");
    String text = Files.readString(json);
    assertThat(text).contains(from);
    Files.writeString(json, text.replace(from, to));
  }

  @Test
  void readsBackWhatWasWritten() {
    ModelDirectory opened = ModelDirectory.open(path);
    assertThat(opened.description()).isEqualTo(model.description());
    assertThat(opened.architecture()).isEqualTo(Architecture.named("micro"));
    assertThat(opened.hash()).isEqualTo(model.hash());
    assertThat(opened.graph("naip", 64)).isEqualTo(path.resolve("naip-64.onnx")).isRegularFile();
  }

  @Test
  void mapsTensors() {
    FloatBuffer omega = model.tensor("position.omega");
    assertThat(omega.remaining()).isEqualTo((64 - 8) / 4);
    assertThat(omega.get(0)).isEqualTo(1f);
    assertThat(model.tensor("norm.weight").get(63)).isEqualTo(1f);
    assertThatThrownBy(() -> omega.put(0, 2f)).isInstanceOf(ReadOnlyBufferException.class);
    assertThatThrownBy(() -> model.tensor("norm"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("norm");
  }

  @Test
  void unknownPlatform() {
    assertThatThrownBy(() -> model.platform("linz"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("linz", "naip", "--platform linz");
  }

  @Test
  void missingGraph() {
    assertThatThrownBy(() -> model.graph("naip", 256))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("256", "naip-64.onnx", "--chip 256");
    assertThatThrownBy(() -> model.tokensGraph("naip", 64))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--chip 64 --tokens");
  }

  @Test
  void notAModel() throws Exception {
    path = Files.createDirectory(temp.resolve("empty"));
    assertRefused("expected model.json", "kiln export");
  }

  @Test
  void truncatedWeights() throws Exception {
    Path weights = path.resolve("weights.bin");
    long size = Files.size(weights);
    try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
      channel.truncate(size - 100);
    }
    assertRefused("weights.bin", "expected " + size, "found " + (size - 100));
    Files.delete(weights);
    assertRefused("weights.bin", "found 0");
  }

  @Test
  void weightsOfTheRightSizeButOtherBytes() throws Exception {
    Path weights = path.resolve("weights.bin");
    byte[] bytes = Files.readAllBytes(weights);
    byte[] flipped = bytes.clone();
    flipped[bytes.length / 2] ^= 1;
    Files.write(weights, flipped);
    assertRefused("weights.bin", "expected SHA-256", "damaged or replaced");
    Files.write(weights, new byte[bytes.length]);
    assertRefused("weights.bin", "expected SHA-256");
  }

  @Test
  void graphOfOtherBytes() throws Exception {
    Path graph = path.resolve("naip-64.onnx");
    byte[] bytes = Files.readAllBytes(graph);
    bytes[bytes.length - 1] ^= 1;
    Files.write(graph, bytes);
    assertRefused("naip-64.onnx", "expected SHA-256");
  }

  @Test
  void missingGraphFile() throws Exception {
    Files.delete(path.resolve("naip-64.onnx"));
    assertRefused("naip-64.onnx", "missing");
  }

  @Test
  void damagedDescription() throws Exception {
    edit("\"architecture\"", "\"arch\"");
    assertRefused("cannot read model.json");
    Files.writeString(path.resolve("model.json"), "{\n\"format\" : 1,\n");
    assertRefused("cannot read model.json");
    Files.writeString(path.resolve("model.json"), "");
    assertRefused("model.json");
  }

  @Test
  void anotherFormat() throws Exception {
    edit("\"format\" : 1", "\"format\" : 2");
    assertRefused("expected format 1, found 2");
  }

  @Test
  void tensorBeyondTheWeights() throws Exception {
    long offset = model.description().tensors().get(5).offset();
    edit("\"offset\" : " + offset, "\"offset\" : 999999999");
    assertRefused("tensor " + model.description().tensors().get(5).name(), "weights.bin");
  }

  /** Each replaces a text of a valid description; the first occurrence, or all. */
  @Test
  void alteredDescription() throws Exception {
    Path json = path.resolve("model.json");
    String valid = Files.readString(json);
    long offset = model.description().tensors().get(5).offset();
    String[][] alterations = {
      {"\"dim\" : 64", "\"dim\" : 0"},
      {"\"dim\" : 64", "\"dim\" : 128"},
      {"\"dim\" : 64", "\"dim\" : 2000000000"},
      {"\"depth\" : 2", "\"depth\" : 3"},
      {"\"depth\" : 2", "\"depth\" : 1"},
      {"\"depth\" : 2", "\"depth\" : -1"},
      {"\"heads\" : 4", "\"heads\" : 0"},
      {"\"heads\" : 4", "\"heads\" : 8"},
      {"\"heads\" : 4", "\"heads\" : \"x\""},
      {"\"mlpDim\" : 128", "\"mlpDim\" : 64"},
      {"\"file\" : \"weights.bin\"", "\"file\" : null"},
      {"\"file\" : \"weights.bin\"", "\"file\" : \"../weights.bin\""},
      {"\"file\" : \"naip-64.onnx\"", "\"file\" : null"},
      {"\"file\" : \"naip-64.onnx\"", "\"file\" : \"\""},
      {"\"name\" : \"naip\"", "\"name\" : null"},
      {"\"name\" : \"naip\"", "\"name\" : \"linz\""},
      {"\"name\" : \"red\"", "\"name\" : null"},
      {"\"name\" : \"red\"", "\"name\" : \"green\""},
      {"\"gsd\" : 1.0", "\"gsd\" : 0.0"},
      {"\"wavelength\" : 0.65", "\"wavelength\" : -1"},
      {"\"mean\" : 110.16", "\"mean\" : 1e999"},
      {"\"std\" : 47.23", "\"std\" : 0.0"},
      {"\"name\" : \"norm.bias\"", "\"name\" : \"norm.weight\""},
      {"\"name\" : \"norm.bias\"", "\"name\" : \"other\""},
      {"\"name\" : \"norm.bias\"", "\"name\" : null"},
      {"\"shape\" : [ 14 ]", "\"shape\" : [ 15 ]"},
      {"\"shape\" : [ 14 ]", "\"shape\" : [ -14 ]"},
      {"\"shape\" : [ 14 ]", "\"shape\" : [ null ]"},
      {"\"shape\" : [ 14 ]", "\"shape\" : [ 4294967296, 4294967296 ]"},
      {"\"shape\" : [ 14 ]", "\"shape\" : null"},
      {"\"offset\" : " + offset, "\"offset\" : 9223372036854775807"},
      {"\"offset\" : " + offset, "\"offset\" : -1"},
    };
    for (String[] alteration : alterations) {
      Files.writeString(json, valid);
      edit(alteration[0], alteration[1]);
      assertRefused("export it again");
    }
  }
}

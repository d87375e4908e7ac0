package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.TorchPickler.Tensor;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every wrong checkpoint is one line that says what and where, and leaves nothing behind. */
class BadCheckpointTest {
  private static final String QKV = "model.encoder.transformer.layers.1.0.to_qkv.weight";

  @TempDir Path temp;

  private AbstractThrowableAssert<?, ?> assertRefused(Path checkpoint) throws IOException {
    Path out = temp.resolve("out");
    Exporter.Options options =
        new Exporter.Options(
            List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false);
    var refused =
        assertThatThrownBy(() -> Exporter.export(checkpoint, options, out.resolve("model")))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining(checkpoint.toString());
    refused.message().hasLineCount(1);
    if (Files.exists(out)) {
      try (Stream<Path> left = Files.list(out)) {
        assertThat(left).isEmpty();
      }
    }
    return refused;
  }

  private static MicroWeights micro() {
    return MicroWeights.whole("model.encoder.", DataType.FP32);
  }

  private Path file() {
    return temp.resolve("w.ckpt");
  }

  @Test
  void missingFile() throws Exception {
    assertRefused(file()).hasMessageContainingAll("no such file", "--checkpoint");
  }

  @Test
  void directory() throws Exception {
    assertRefused(temp).hasMessageContaining("it is a directory");
  }

  @Test
  void emptyFile() throws Exception {
    assertRefused(Files.createFile(file())).hasMessageContaining("found neither");
  }

  @Test
  void notACheckpoint() throws Exception {
    assertRefused(Files.writeString(file(), "<html>404 Not Found</html>"))
        .hasMessageContaining("found neither");
  }

  @Test
  void truncatedZip() throws Exception {
    byte[] whole = Files.readAllBytes(MicroWeights.file());
    Files.write(file(), Arrays.copyOf(whole, whole.length / 2));
    assertRefused(file()).hasMessageContaining("truncated or damaged?");
  }

  @Test
  void zipOfSomethingElse() throws Exception {
    Path file = file();
    try (var zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(file))) {
      MicroWeights.putEntry(zip, "readme.txt", new byte[3]);
    }
    assertRefused(file).hasMessageContaining("expected data.pkl");
  }

  @Test
  void shortStorage() throws Exception {
    MicroWeights weights = micro();
    String key = weights.store(DataType.FP32, new float[100]);
    weights.put(QKV, Tensor.whole(DataType.FP32, key, List.of(192L, 64L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll(QKV, "expected at least 12288 values", "found 100");
  }

  @Test
  void missingStorage() throws Exception {
    MicroWeights weights = micro();
    weights.put(QKV, Tensor.whole(DataType.FP32, "nowhere", List.of(192L, 64L)));
    assertRefused(weights.write(file())).hasMessageContainingAll(QKV, "data/nowhere", "found 0");
  }

  @Test
  void viewBeyondItsStorage() throws Exception {
    MicroWeights weights = micro();
    String key = weights.store(DataType.FP32, new float[192 * 64]);
    weights.put(
        QKV, new Tensor(DataType.FP32, key, 12288, 1, List.of(192L, 64L), List.of(64L, 1L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll(QKV, "expected at least 12289 values", "found 12288");
  }

  @Test
  void damagedStorage() throws Exception {
    Files.copy(MicroWeights.file(), file());
    try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.wrap(new byte[64]), channel.size() / 2);
    }
    assertRefused(file()).hasMessageContainingAll("checksum", "damaged");
  }

  @Test
  void wrongShape() throws Exception {
    MicroWeights weights = micro();
    String key = weights.store(DataType.FP32, new float[64 * 64]);
    weights.put(QKV, Tensor.whole(DataType.FP32, key, List.of(64L, 64L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll(QKV, "expected shape [192, 64]", "found [64, 64]");
  }

  @Test
  void numbersThatAreNotFinite() throws Exception {
    MicroWeights weights = micro();
    float[] values = new float[192 * 64];
    values[values.length - 1] = Float.NaN;
    String key = weights.store(DataType.BF16, values);
    weights.put(QKV, Tensor.whole(DataType.BF16, key, List.of(192L, 64L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll(QKV, "expected finite values, found NaN");
  }

  /** A view that names few stored numbers but spreads them over more than memory holds. */
  @Test
  void absurdStrides() throws Exception {
    for (long stride : new long[] {1L << 30, Long.MAX_VALUE, -1}) {
      MicroWeights weights = micro();
      String key = weights.store(DataType.FP32, 1f);
      weights.put(
          QKV, new Tensor(DataType.FP32, key, 1, 0, List.of(192L, 64L), List.of(stride, 1L)));
      assertRefused(weights.write(file())).hasMessageContainingAll(QKV, Long.toString(stride));
    }
  }

  @Test
  void missingTensor() throws Exception {
    assertRefused(micro().put(QKV, null).write(file()))
        .hasMessageContainingAll(QKV, "expected a tensor", "found none of that name");
  }

  @Test
  void notATensor() throws Exception {
    assertRefused(micro().put(QKV, "text").write(file()))
        .hasMessageContainingAll(QKV, "expected a tensor", "found a String");
  }

  @Test
  void noEncoder() throws Exception {
    MicroWeights weights = new MicroWeights();
    String key = weights.store(DataType.FP32, 1f);
    weights.put("head.weight", Tensor.whole(DataType.FP32, key, List.of(1L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll("expected a Clay encoder", "head.weight");
  }

  @Test
  void unknownNumberFormat() throws Exception {
    Path file = MicroWeights.writeSafetensors(file());
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Files.write(file, text.replaceFirst("F32", "F64").getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(file)
        .hasMessageContainingAll("cls_token", "expected float32, float16 or bfloat16", "F64");
  }

  @Test
  void truncatedSafetensors() throws Exception {
    byte[] whole = Files.readAllBytes(MicroWeights.writeSafetensors(file()));
    Files.write(file(), Arrays.copyOf(whole, whole.length - 4));
    assertRefused(file())
        .hasMessageContainingAll("transformer.norm.bias", "expected at least 64", "found 63");
  }

  @Test
  void truncatedSafetensorsHeader() throws Exception {
    byte[] whole = Files.readAllBytes(MicroWeights.writeSafetensors(file()));
    Files.write(file(), Arrays.copyOf(whole, 100));
    assertRefused(file()).hasMessageContaining("unexpected end of file in the header");
  }

  @Test
  void headsThatCannotBeTold() throws Exception {
    MicroWeights weights = micro();
    String key = weights.store(DataType.FP32, new float[64 * 50]);
    weights.put(
        "model.encoder.transformer.layers.0.0.to_out.weight",
        Tensor.whole(DataType.FP32, key, List.of(64L, 50L)));
    assertRefused(weights.write(file()))
        .hasMessageContainingAll(
            "to_out.weight", "expected a width divisible into heads of 64", "found 50");
  }

  @Test
  void bigEndian() throws Exception {
    Path file = file();
    try (var zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(file))) {
      MicroWeights.putEntry(zip, "m/data.pkl", new TorchPickler().dumps(Map.of()));
      MicroWeights.putEntry(zip, "m/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    }
    assertRefused(file).hasMessageContaining("big-endian");
  }
}

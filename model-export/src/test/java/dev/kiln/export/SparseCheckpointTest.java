package dev.kiln.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An export reads only the bytes that it fetches, and fetches little besides the encoder. */
class SparseCheckpointTest {
  @TempDir Path temp;

  /** A copy that holds zeros wherever nothing was fetched. */
  private static final class Copy implements CheckpointFile {
    private final Path original;
    private final Path file;
    private final List<ByteRange> fetched = new ArrayList<>();

    Copy(Path original, Path file) throws IOException {
      this.original = original;
      this.file = file;
      try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
        sparse.setLength(Files.size(original));
      }
    }

    @Override
    public String name() {
      return "https://example.com/w.ckpt";
    }

    @Override
    public Path path() {
      return file;
    }

    @Override
    public void fetch(List<ByteRange> ranges) {
      try (RandomAccessFile from = new RandomAccessFile(original.toFile(), "r");
          RandomAccessFile to = new RandomAccessFile(file.toFile(), "rw")) {
        for (ByteRange range : ranges) {
          byte[] bytes = new byte[Math.toIntExact(range.length())];
          from.seek(range.offset());
          from.readFully(bytes);
          to.seek(range.offset());
          to.write(bytes);
          fetched.add(range);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    long bytes() {
      return fetched.stream().mapToLong(ByteRange::length).sum();
    }
  }

  private static Exporter.Options options() {
    return new Exporter.Options(
        List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false);
  }

  private Copy assertSameModel(Path original) throws IOException {
    Copy copy = new Copy(original, temp.resolve("copy"));
    String expected = Exporter.export(original, options(), temp.resolve("expected")).hash();
    assertThat(Exporter.export(copy, options(), temp.resolve("model")).hash()).isEqualTo(expected);
    return copy;
  }

  @Test
  void ballastOfAZipIsNotFetched() throws Exception {
    Path file = temp.resolve("w.ckpt");
    Architecture micro = Architecture.named("micro");
    new RandomCheckpoint(micro, DataType.FP32, 1, 0).write(file);
    long small = Files.size(file);
    new RandomCheckpoint(micro, DataType.FP32, 1, 30_000_000).write(file);
    Copy copy = assertSameModel(file);
    assertThat(Files.size(file)).isGreaterThan(small + 30_000_000);
    assertThat(copy.bytes()).isLessThan(small);
  }

  @Test
  void safetensorsAreFetchedByTensor() throws Exception {
    Copy copy = assertSameModel(MicroWeights.writeSafetensors(temp.resolve("w.safetensors")));
    assertThat(copy.bytes()).isLessThanOrEqualTo(Files.size(copy.original) + 32);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a comment that ends the file"})
  void endOfADirectoryIsFound(String comment) throws Exception {
    Path file = temp.resolve("w.ckpt");
    byte[] bytes = Files.readAllBytes(MicroWeights.file());
    byte[] text = comment.getBytes(StandardCharsets.US_ASCII);
    bytes[bytes.length - 2] = (byte) text.length;
    Files.write(file, bytes);
    Files.write(file, text, java.nio.file.StandardOpenOption.APPEND);
    assertSameModel(file);
  }

  @Test
  void duplicateNamesAreRefused() throws Exception {
    byte[] bytes = Files.readAllBytes(MicroWeights.file());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String first = text.replaceFirst("(?s).*?([\\w.-]+/data/10)PK.*", "$1");
    String prefix = text.replaceFirst("(?s).*?([\\w.-]+/)data\\.pkl.*", "$1");
    String one = prefix + "data/10";
    String other = prefix + "data/11";
    assertThat(first).isNotEmpty();
    assertThat(text).contains(one).contains(other);
    Path file = temp.resolve("w.ckpt");
    Files.write(file, text.replace(other, one).getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Exporter.export(file, options(), temp.resolve("model")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected one entry of each name, found two of " + one);
  }

  @Test
  void directoryThatIsDamagedIsRefused() throws Exception {
    byte[] bytes = Files.readAllBytes(MicroWeights.file());
    Path file = temp.resolve("w.ckpt");
    for (int at : new int[] {4, 6, 10, 12}) {
      byte[] damaged = bytes.clone();
      damaged[bytes.length - at] ^= 0x55;
      Files.write(file, damaged);
      assertThatThrownBy(() -> Exporter.export(file, options(), temp.resolve("model")))
          .as("byte %d from the end", at)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("w.ckpt");
    }
  }
}

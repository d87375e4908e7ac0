package dev.kiln.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Target directories of a sample, and what a failure leaves. */
@Timeout(60)
class SampleWritingTest {
  private static final SampleSize SIZE = new SampleSize(130, 90, 110);

  @TempDir Path folder;
  private Path sample;

  @BeforeEach
  void name() {
    sample = folder.resolve("sample");
  }

  private static SampleOptions options(int naip, long seed) {
    return new SampleOptions(SIZE, naip, 1, Architecture.named("micro"), seed);
  }

  private static void write(Path directory, long seed) throws IOException {
    SampleArchive.write(directory, options(2, seed), false, line -> {});
  }

  private static Map<String, byte[]> contents(Path directory) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(directory.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return contents;
  }

  @Test
  void sameSeedGivesSameBytes() throws IOException {
    write(sample, 3);
    write(folder.resolve("again"), 3);
    Map<String, byte[]> first = contents(sample);

    assertThat(contents(folder.resolve("again")))
        .containsOnlyKeys(first.keySet())
        .allSatisfy((name, bytes) -> assertThat(bytes).as(name).isEqualTo(first.get(name)));
  }

  @Test
  void anotherSeedChangesPixelsAndWeightsButNotNames() throws IOException {
    write(sample, 3);
    write(folder.resolve("other"), 4);
    Map<String, byte[]> first = contents(sample);

    Map<String, byte[]> other = contents(folder.resolve("other"));
    assertThat(other).containsOnlyKeys(first.keySet());
    // A classification this small can have one class for all seeds.
    other.keySet().removeIf(name -> !name.matches(".*(m_.*|B..)\\.tif|.*\\.ckpt"));
    assertThat(other)
        .hasSize(2 + 10 + 1)
        .allSatisfy((name, bytes) -> assertThat(bytes).as(name).isNotEqualTo(first.get(name)));
  }

  @Test
  void neverChangesADirectoryWithOtherContents() throws IOException {
    Files.createDirectories(sample);
    Path mine = Files.writeString(sample.resolve("thesis.txt"), "mine");

    assertThatThrownBy(() -> SampleArchive.write(sample, options(1, 3), true, line -> {}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(sample.toString())
        .hasMessageContaining("choose another directory");
    assertThat(mine).hasContent("mine");
  }

  @Test
  void rejectsAFileInItsPlace() throws IOException {
    Files.writeString(sample, "a file");

    assertThatThrownBy(() -> write(sample, 3)).isInstanceOf(ConfigurationException.class);
    assertThat(sample).hasContent("a file");
  }

  @Test
  void replacesAnOlderSampleOnlyWithOverwrite() throws IOException {
    write(sample, 3);
    Map<String, byte[]> before = contents(sample);

    assertThatThrownBy(() -> write(sample, 4))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--overwrite");
    assertThat(contents(sample)).containsOnlyKeys(before.keySet());

    SampleArchive.write(sample, options(1, 4), true, line -> {});
    assertThat(contents(sample)).hasSize(before.size() - 1);
    assertThat(folder).isDirectoryNotContaining(path -> !path.equals(sample));
  }

  @Test
  void fillsAnEmptyDirectory() throws IOException {
    Files.createDirectories(sample);
    write(sample, 3);

    assertThat(sample.resolve(SampleArchive.NAIP_SCENES)).isNotEmptyFile();
  }

  @Test
  void leavesNothingWhenItFails() {
    assertThatThrownBy(
            () ->
                SampleArchive.write(
                    sample,
                    options(2, 3),
                    false,
                    line -> {
                      throw new IllegalStateException("broken off");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void namesTheRangeOfScenes() {
    assertThatThrownBy(() -> SampleArchive.write(sample, options(-1, 3), false, line -> {}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--naip: expected 0 to 1024, found -1");
    assertThatThrownBy(
            () ->
                SampleArchive.write(
                    sample,
                    new SampleOptions(SIZE, 1, 101, Architecture.named("micro"), 3),
                    false,
                    line -> {}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--sentinel-2: expected 0 to 100, found 101");
    assertThat(sample).doesNotExist();
  }

  @Test
  void rejectsOddSentinel2Sizes() {
    assertThatThrownBy(() -> new SampleSize(100, 100, 101))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("even");
  }

  @Test
  void allScenesHaveDistinctNames() {
    assertThat(SampleArchive.naipKeys(NaipScene.MOST)).doesNotHaveDuplicates();
  }
}

package dev.kiln.tiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fuzz targets of {@code src/fuzz}: see the script there. */
@Timeout(300)
class FuzzTest {
  private static final Path SCRIPT = Path.of("src/fuzz/fuzz").toAbsolutePath();
  private static final int SECONDS = 10;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"tiles", "predictor"})
  void passesOnItsCorpus(String target) throws Exception {
    long files;
    try (Stream<Path> corpus = Files.list(SCRIPT.resolveSibling("corpus").resolve(target))) {
      files = corpus.count();
    }
    assertThat(files).isGreaterThan(20);
    assertThat(fuzz("replay", target)).endsWith(files + " files\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiles", "predictor"})
  void findsNoNewFailure(String target) throws Exception {
    assumeTrue(
        start("able", target).waitFor() == 0,
        "SKIPPED: fuzzing needs clang: apt-get install clang libclang-rt-dev");
    assertThat(fuzz("run", target, "-max_total_time=" + SECONDS)).contains("Done ");
  }

  private String fuzz(String command, String target, String... options) throws Exception {
    Process process = start(command, target, options);
    assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
    String output = Files.readString(directory.resolve("output"));
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private Process start(String command, String target, String... options) throws IOException {
    List<String> line = new ArrayList<>();
    line.addAll(List.of(SCRIPT.toString(), command, directory.toString(), target));
    line.addAll(List.of(options));
    return new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("output").toFile())
        .start();
  }
}

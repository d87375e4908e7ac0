package dev.kiln.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.KilnProcess;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code kiln index}, killed while it builds. */
@Timeout(180)
class IndexKillTest {
  private static final int[] DELAYS = {600, 1000, 1400};

  @TempDir private Path dir;

  private Process start(Path dataset) throws IOException {
    return KilnProcess.start(dir.resolve("log.txt"), List.of("index", dataset.toString()));
  }

  private static Map<String, String> contents(Path dataset) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.list(dataset.resolve("_kiln/index"))) {
      for (Path path : paths.toList()) {
        contents.put(path.getFileName().toString(), Arrays.hashCode(Files.readAllBytes(path)) + "");
      }
    }
    return contents;
  }

  @Test
  void isCompleteOrAbsentAndARerunGivesTheSameBytes() throws Exception {
    TestDataset dataset = new TestDataset(dir.resolve("out"));
    dataset.scene("a").chips(3000).write();
    boolean killed = false;
    for (int delay : DELAYS) {
      Process process = start(dataset.directory());
      killed |= !process.waitFor(delay, TimeUnit.MILLISECONDS);
      process.destroyForcibly().waitFor();
      Path index = dataset.directory().resolve("_kiln/index");
      assertThat(Files.exists(index)).isEqualTo(Files.exists(index.resolve(IndexManifest.NAME)));
    }
    assertThat(killed).isTrue();

    Process last = start(dataset.directory());
    assertThat(last.waitFor()).as(Files.readString(dir.resolve("log.txt"))).isZero();
    Map<String, String> interrupted = contents(dataset.directory());
    Process again = start(dataset.directory());
    assertThat(again.waitFor()).isZero();
    assertThat(contents(dataset.directory())).isEqualTo(interrupted);
    try (Stream<Path> left = Files.list(dataset.directory().resolve("_kiln"))) {
      assertThat(left.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder("index", "index.lock");
    }
  }
}

package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhysicalCoresTest {
  @TempDir private Path directory;

  /** Describes four cores with two threads each: 0 and 4 share a core, 1 and 5, … */
  @BeforeEach
  void describe() throws IOException {
    for (int cpu = 0; cpu < 8; cpu++) {
      Path topology = Files.createDirectories(directory.resolve("cpu" + cpu + "/topology"));
      Files.writeString(
          topology.resolve("thread_siblings_list"), cpu % 4 + "," + (cpu % 4 + 4) + "\n");
    }
  }

  private int count(String allowed, int processors) throws IOException {
    Path status = directory.resolve("status");
    Files.writeString(status, "Name:\tjava\nCpus_allowed_list:\t" + allowed + "\nSeccomp:\t0\n");
    return PhysicalCores.count(status, directory, processors);
  }

  @ParameterizedTest
  @CsvSource({
    "0-7, 8, 4",
    "'0-3', 4, 4",
    "'0,4', 2, 1",
    "'0-1,4-5', 4, 2",
    "7, 1, 1",
    // The CPU quota of a container.
    "0-7, 3, 3",
    "0-7, 1, 1",
  })
  void countsThreadsOfACoreOnce(String allowed, int processors, int cores) throws IOException {
    assertThat(count(allowed, processors)).isEqualTo(cores);
  }

  @ParameterizedTest
  @CsvSource({"0-63", "nonsense", "''"})
  void usesTheProcessorsWithoutInformationAboutCores(String allowed) throws IOException {
    assertThat(count(allowed, 6)).isEqualTo(6);
  }

  @Test
  void usesTheProcessorsWithoutTheFiles() {
    Path nowhere = directory.resolve("nowhere");
    assertThat(PhysicalCores.count(nowhere, nowhere, 5)).isEqualTo(5);
  }

  @Test
  void isAtLeastOneAndNoMoreThanTheProcessors() {
    assertThat(PhysicalCores.available()).isBetween(1, Runtime.getRuntime().availableProcessors());
  }
}

package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ends of the process that tries a kernel first. */
@Timeout(30)
class TrialProcessTest {
  private static String shell(String script) {
    return TrialProcess.run(List.of("/bin/sh", "-c", script), 1);
  }

  @Test
  void successIsEmpty() {
    assertThat(shell("echo anything")).isEmpty();
  }

  @Test
  void lastLineExplainsAFailure() {
    assertThat(shell("echo first; echo 'CUDA error 715 (an illegal instruction)'; exit 1"))
        .isEqualTo("ended with 1: CUDA error 715 (an illegal instruction)");
  }

  @Test
  void crashIsAFailure() {
    assertThat(shell("kill -SEGV $$")).isEqualTo("ended with 139: ");
  }

  @Test
  void kernelThatDoesNotEndIsAFailure() {
    assertThat(shell("exec sleep 20")).isEqualTo("did not end within 1 s");
  }

  @Test
  void successIsNotRepeated(@TempDir Path directory) {
    Path stored = directory.resolve("kernels/kernel.works");
    AtomicInteger runs = new AtomicInteger();

    for (String result : List.of("ended with 132: ", "", "not reached")) {
      TrialProcess.once(
          stored,
          () -> {
            runs.incrementAndGet();
            return result;
          });
    }

    assertThat(runs).hasValue(2);
    assertThat(TrialProcess.once(stored, () -> "not reached")).isEmpty();
  }

  @Test
  void successThatCannotBeStoredIsASuccess(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");

    assertThat(TrialProcess.once(file.resolve("kernel.works"), () -> "")).isEmpty();
  }

  @Test
  void missingProgramIsAFailure() {
    assertThat(TrialProcess.run(List.of("/nonexistent/java"), 1)).startsWith("cannot be started");
  }
}

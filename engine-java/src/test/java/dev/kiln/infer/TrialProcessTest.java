package dev.kiln.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
  void missingProgramIsAFailure() {
    assertThat(TrialProcess.run(List.of("/nonexistent/java"), 1)).startsWith("cannot be started");
  }
}

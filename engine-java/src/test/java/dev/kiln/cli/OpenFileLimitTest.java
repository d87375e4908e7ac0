package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenFileLimitTest {
  @TempDir Path temp;

  private Path limits(String soft) throws Exception {
    return Files.writeString(
        temp.resolve("limits"),
        """
        Limit                     Soft Limit           Hard Limit           Units
        Max processes             31000                31000                processes
        Max open files            %-20s %-20s files
        """
            .formatted(soft, soft));
  }

  @Test
  void reportsALimitThatIsTooLow() throws Exception {
    assertThat(OpenFileLimit.problem(limits("64")))
        .hasValue(
            "open files: expected a limit of at least 256, found 64: raise it with ulimit -n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"256", "1048576", "unlimited", "99999999999999999999"})
  void acceptsOthers(String soft) throws Exception {
    assertThat(OpenFileLimit.problem(limits(soft))).isEmpty();
  }

  @Test
  void acceptsThisProcessAndSystemsWithoutTheFile() {
    assertThat(OpenFileLimit.problem(OpenFileLimit.LIMITS)).isEmpty();
    assertThat(OpenFileLimit.problem(temp.resolve("none"))).isEmpty();
  }
}

package dev.kiln.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ExitCodeTest {
  @Test
  void everyKindOfErrorHasItsCode() {
    assertThat(ExitCode.of(new ConfigurationException("x"))).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(ExitCode.of(new MachineException("x", null))).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(ExitCode.of(SceneException.permanent("k", "x"))).isEqualTo(ExitCode.SCENES_FAILED);
    assertThat(ExitCode.of(SceneException.transientError("k", "x", null)))
        .isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(ExitCode.of(new OutOfMemoryError())).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(ExitCode.of(new NoSuchFileException("x"))).isEqualTo(ExitCode.CONFIGURATION);
    assertThat(ExitCode.of(new UncheckedIOException(new IOException("x"))))
        .isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(ExitCode.of(new IllegalStateException("x"))).isEqualTo(ExitCode.INTERNAL);
  }

  @Test
  void codesAreDistinctAndOnlyTransientErrorsAreRetried() {
    assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::code)).doesNotHaveDuplicates();
    assertThat(Arrays.stream(ExitCode.values()).filter(ExitCode::retry))
        .containsExactly(ExitCode.TRY_AGAIN, ExitCode.TERMINATED);
  }
}

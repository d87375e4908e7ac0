package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RangeTest {
  @Test
  void threadsAreThoseThatAMachineCanRun() {
    assertThat(Range.optionalThreads("--threads", null)).isEmpty();
    assertThat(Range.optionalThreads("--threads", 1024)).hasValue(1024);
    assertThatThrownBy(() -> Range.threads("--threads", 5000))
        .isInstanceOf(OptionException.class)
        .hasMessage("--threads: expected 1 to 1024, found 5000");
    assertThatThrownBy(() -> Range.threads("--threads", 0)).isInstanceOf(OptionException.class);
  }
}

package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Instructions.Support;
import dev.kiln.error.ConfigurationException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class Bf16ModeTest {
  private static final Support AMX = new Support(Optional.of(Bf16Instructions.AMX), 0);

  @Test
  void decidesByTheCpuAndTheProperty() {
    assertThat(Bf16Mode.of("auto", AMX))
        .isEqualTo(new Bf16Mode(Bf16Mode.Choice.AUTO, Optional.of(Bf16Instructions.AMX)));
    assertThat(Bf16Mode.of("kiln", AMX)).isEqualTo(Bf16Mode.all(Bf16Instructions.AMX));
    assertThat(Bf16Mode.of("onednn", AMX)).isEqualTo(Bf16Mode.NONE);
  }

  /** Without bfloat16 instructions nothing is tried, and nothing is emulated. */
  @Test
  void leavesOldCpusToOneDnn() {
    Support none = new Support(Optional.empty(), 0);

    assertThat(Bf16Mode.of("auto", none)).isEqualTo(Bf16Mode.NONE);
    assertThat(Bf16Mode.of("kiln", none)).isEqualTo(Bf16Mode.NONE);
  }

  @Test
  void usesAvx512WhereAmxIsRefused() {
    Support refused = new Support(Optional.of(Bf16Instructions.AVX512), 13);

    assertThat(Bf16Mode.of("auto", refused).instructions()).contains(Bf16Instructions.AVX512);
  }

  @Test
  void refusesOtherNames() {
    assertThatThrownBy(() -> Bf16Mode.of("amx", AMX))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("-Dkiln.bf16: expected auto, onednn or kiln, found amx");
  }
}

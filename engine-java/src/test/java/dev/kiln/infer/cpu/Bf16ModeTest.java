package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Instructions.Support;
import dev.kiln.error.ConfigurationException;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class Bf16ModeTest {
  private static final Support AMX = new Support(Optional.of(Bf16Instructions.AMX), 0);

  private static final Function<Bf16Instructions, String> ALL_WELL = instructions -> "";

  @Test
  void decidesByTheCpuAndTheProperty() {
    assertThat(Bf16Mode.of(KernelChoice.AUTO, AMX, ALL_WELL))
        .isEqualTo(new Bf16Mode(KernelChoice.AUTO, Optional.of(Bf16Instructions.AMX)));
    assertThat(Bf16Mode.of(KernelChoice.KILN, AMX, ALL_WELL))
        .isEqualTo(Bf16Mode.all(Bf16Instructions.AMX));
    assertThat(Bf16Mode.of(KernelChoice.ONEDNN, AMX, ALL_WELL)).isEqualTo(Bf16Mode.NONE);
  }

  /** Without bfloat16 instructions nothing is tried, and nothing is emulated. */
  @Test
  void leavesOldCpusToOneDnn() {
    Support none = new Support(Optional.empty(), 0);

    assertThat(Bf16Mode.of(KernelChoice.AUTO, none, ALL_WELL)).isEqualTo(Bf16Mode.NONE);
    assertThat(Bf16Mode.of(KernelChoice.KILN, none, ALL_WELL)).isEqualTo(Bf16Mode.NONE);
  }

  @Test
  void usesAvx512WhereAmxIsRefused() {
    Support refused = new Support(Optional.of(Bf16Instructions.AVX512), 13);

    assertThat(Bf16Mode.of(KernelChoice.AUTO, refused, ALL_WELL).instructions())
        .contains(Bf16Instructions.AVX512);
  }

  /** The process that runs the kernels first ends with the signal of an illegal instruction. */
  @Test
  void leavesMachinesWhereTheKernelsFailToOneDnn() {
    assertThat(Bf16Mode.of(KernelChoice.AUTO, AMX, instructions -> "ended with 132: "))
        .isEqualTo(Bf16Mode.NONE);
  }

  @Test
  void probesInAnotherProcess() {
    assertThat(Bf16Probe.run(Bf16Instructions.EMULATED_AMX)).isEmpty();
  }

  /** The launcher of a bundle names the directory of kernels for GPUs. */
  @Test
  void isNotDecidedByTheDirectoryOfGpuKernels() {
    System.setProperty("kiln.kernels", "/opt/kiln/lib/kernels");
    try {
      assertThat(KernelChoice.ofProcess()).isEqualTo(KernelChoice.AUTO);
    } finally {
      System.clearProperty("kiln.kernels");
    }
  }

  @Test
  void refusesOtherNames() {
    assertThatThrownBy(() -> KernelChoice.of("amx"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("-Dkiln.cpu.kernels: expected auto, onednn or kiln, found amx");
  }
}

package dev.kiln.bf16;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.bf16.Bf16Instructions.Support;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Choice of instructions, and evidence that the machine code has them. */
@Timeout(60)
class Bf16InstructionsTest {
  private static final int EACCES = 13;
  private static final int AVX512 = 1 << Bf16Instructions.AVX512.code;
  private static final int AMX = 1 << Bf16Instructions.AMX.code;
  private static final IntSupplier UNASKED = () -> fail("expected no request");

  @Test
  void choosesWhatTheCpuHas() {
    assertThat(Support.of(0, UNASKED).fastest()).isEmpty();
    assertThat(Support.of(AVX512, UNASKED).fastest()).contains(Bf16Instructions.AVX512);
    assertThat(Support.of(AVX512 | AMX, () -> 0).fastest()).contains(Bf16Instructions.AMX);
  }

  @Test
  void doesWithoutAmxIfTheKernelRefusesIt() {
    Support support = Support.of(AVX512 | AMX, () -> EACCES);

    assertThat(support.fastest()).contains(Bf16Instructions.AVX512);
    assertThat(support.amxError()).isEqualTo(EACCES);
    assertThat(support.includes(Bf16Instructions.AVX512)).isTrue();
    assertThat(support.includes(Bf16Instructions.AMX)).isFalse();
    assertThat(support.includes(Bf16Instructions.EMULATED_AMX)).isTrue();
  }

  @Test
  void theLibraryHasTheInstructions() throws Exception {
    Path library = Path.of("target/classes/dev/kiln/nativelib/linux-x86_64/libkiln.so");
    assumeTrue(Files.exists(library), "no " + library.toAbsolutePath());
    TreeSet<String> found = new TreeSet<>();
    Process process = null;
    try {
      process =
          new ProcessBuilder("objdump", "-d", "--no-show-raw-insn", library.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "objdump is missing (package binutils): " + e.getMessage());
    }
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      lines
          .lines()
          .filter(line -> line.contains("bf16"))
          .forEach(
              line -> {
                for (String name : new String[] {"tdpbf16ps", "vdpbf16ps", "vcvtneps2bf16"}) {
                  if (line.contains(name + " ")) {
                    found.add(name);
                  }
                }
              });
    }
    assertThat(process.waitFor()).isZero();
    assertThat(found).containsExactly("tdpbf16ps", "vcvtneps2bf16", "vdpbf16ps");
  }

  /** Executes the kernels with AMX: their tile instructions trap and are executed in software. */
  @Test
  void tileInstructionsGiveTheBytesOfTheEmulation() throws Exception {
    assumeTrue(
        Files.readString(Path.of("/proc/cpuinfo")).contains(" avx2 "), "this CPU has no AVX2");
    Process process =
        new ProcessBuilder("target/native/amx-trap").redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("equal=yes");
    if (!Bf16Kernels.support().includes(Bf16Instructions.AMX)) {
      assertThat(output).contains("ldtilecfg=12 tilerelease=12").doesNotContain("tdpbf16ps=0");
    }
  }
}

package dev.kiln.infer.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CpuIdentityTest {
  private static final List<String> INFO =
      List.of(
          "processor\t: 0",
          "vendor_id\t: GenuineIntel",
          "model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
          "microcode\t: 0x2b0005c0",
          "cpu MHz\t\t: 2699.998",
          "flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile",
          "",
          "processor\t: 1",
          "vendor_id\t: GenuineIntel");

  private static String title(List<String> info, String kernel, String code) {
    return CpuIdentity.of(info, kernel, code).orElseThrow().title();
  }

  private static List<String> with(String from, String to) {
    return INFO.stream().map(line -> line.replace(from, to)).toList();
  }

  @Test
  void dependsOnCpuKernelAndCode() {
    String title = title(INFO, "6.1.0", "a");

    assertThat(title).matches("[0-9a-f]{16}");
    assertThat(title(with("0x2b0005c0", "0x2b0005d0"), "6.1.0", "a")).isNotEqualTo(title);
    assertThat(title(with(" amx_bf16", ""), "6.1.0", "a")).isNotEqualTo(title);
    assertThat(title(with("8481C", "8488C"), "6.1.0", "a")).isNotEqualTo(title);
    assertThat(title(INFO, "6.1.1", "a")).isNotEqualTo(title);
    assertThat(title(INFO, "6.1.0", "b")).isNotEqualTo(title);
  }

  @Test
  void doesNotDependOnFrequencyOrOtherCpus() {
    String title = title(INFO, "6.1.0", "a");

    assertThat(title(with("2699.998", "3100.1"), "6.1.0", "a")).isEqualTo(title);
    assertThat(title(INFO.subList(0, 6), "6.1.0", "a")).isEqualTo(title);
  }

  @Test
  void needsADescriptionOfTheCpu() {
    assertThat(CpuIdentity.of(List.of(), "6.1.0", "a")).isEqualTo(Optional.empty());
  }

  @Test
  void thisProcessHasOne() {
    assumeTrue(Files.isReadable(Path.of("/proc/cpuinfo")), "no /proc/cpuinfo");

    assertThat(CpuIdentity.ofProcess()).isPresent().isEqualTo(CpuIdentity.ofProcess());
  }
}

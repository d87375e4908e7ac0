package dev.kiln.infer.cpu;

import dev.kiln.io.Sha256;
import dev.kiln.nativelib.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What decides whether an instruction of Kiln's native code works: model, microcode and features of
 * the CPU as the operating system shows them, its kernel, and the native code.
 *
 * @param title hash of all, for file names
 */
record CpuIdentity(String title) {
  private static final Path INFO = Path.of("/proc/cpuinfo");
  private static final Set<String> KEYS =
      Set.of(
          "vendor_id",
          "cpu family",
          "model",
          "model name",
          "stepping",
          "microcode",
          "flags",
          "bugs");
  private static final int LENGTH = 16;

  /** Returns that of this process; empty if the system does not describe its CPU. */
  static Optional<CpuIdentity> ofProcess() {
    try {
      return of(Files.readAllLines(INFO), System.getProperty("os.version"), nativeCode());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns an identity; empty if no CPU is described.
   *
   * @param info lines of {@code /proc/cpuinfo}; only the first CPU counts
   * @param kernel version of the operating system
   * @param code hash of the native code
   */
  static Optional<CpuIdentity> of(List<String> info, String kernel, String code) {
    List<String> first =
        info.stream()
            .takeWhile(line -> !line.isBlank())
            .filter(line -> KEYS.contains(line.split(":", 2)[0].strip()))
            .toList();
    if (first.isEmpty()) {
      return Optional.empty();
    }
    String all = String.join("\n", first) + "\n" + kernel + "\n" + code;
    return Optional.of(new CpuIdentity(Sha256.hex(all).substring(0, LENGTH)));
  }

  private static String nativeCode() throws IOException {
    try (InputStream code = NativeLibrary.openKiln()) {
      return Sha256.hex(code.readAllBytes());
    }
  }
}

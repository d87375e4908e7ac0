package dev.kiln.cuda;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Compiles all of Kiln's device code into a directory, for machines without a compiler: {@code
 * CompileKernels DIRECTORY ARCHITECTURE...}, such as {@code kernels sm_90}. Needs no GPU. A bundle
 * names the directory with {@code -Dkiln.kernels}.
 */
public final class CompileKernels {
  private CompileKernels() {}

  /** Compiles; the arguments are the directory and the architectures. */
  public static void main(String[] arguments) {
    if (arguments.length < 2) {
      throw new IllegalArgumentException("expected DIRECTORY ARCHITECTURE..., found nothing");
    }
    CubinCache kernels = new CubinCache(Path.of(arguments[0]));
    List<String> architectures = Arrays.asList(arguments).subList(1, arguments.length);
    for (String architecture : architectures) {
      for (DeviceCode code : DeviceCode.values()) {
        Optional<String> target = code.target(architecture);
        if (target.isPresent()) {
          byte[] cubin = kernels.get(code.title(), code.source(), target.get(), List.of());
          System.out.printf("%s %s %d bytes%n", code.title(), target.get(), cubin.length);
        }
      }
    }
  }
}

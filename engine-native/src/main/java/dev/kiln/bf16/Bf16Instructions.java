package dev.kiln.bf16;

import java.util.Optional;
import java.util.function.IntSupplier;

/** Implementations of bfloat16 products on the CPU. */
public enum Bf16Instructions {
  /** Portable code with the values of {@link #AVX512}, for tests. */
  EMULATED_AVX512(0),
  /** Portable code with the values of {@link #AMX}, for tests. */
  EMULATED_AMX(1),
  /** AVX512-BF16. */
  AVX512(2),
  /** AMX-BF16, with AVX512-BF16 for everything but the products. */
  AMX(3);

  final int code;

  Bf16Instructions(int code) {
    this.code = code;
  }

  /** Returns whether every CPU can execute this implementation. */
  public boolean isEmulated() {
    return this == EMULATED_AVX512 || this == EMULATED_AMX;
  }

  /**
   * What this process can use.
   *
   * @param fastest the fastest implementation; empty if the CPU has no bfloat16 instructions
   * @param amxError error number of the kernel if the CPU has AMX but the kernel refuses it to this
   *     process, as a seccomp filter or Linux before 5.16 does; otherwise 0
   */
  public record Support(Optional<Bf16Instructions> fastest, int amxError) {
    /**
     * Determines what a process can use.
     *
     * @param cpu bits {@code 1 << code} of what the CPU executes
     * @param requestAmx asks the kernel for permission to use AMX; returns 0 or an error number
     */
    static Support of(int cpu, IntSupplier requestAmx) {
      int error = has(cpu, AMX) ? requestAmx.getAsInt() : 0;
      if (has(cpu, AMX) && error == 0) {
        return new Support(Optional.of(AMX), 0);
      }
      return new Support(has(cpu, AVX512) ? Optional.of(AVX512) : Optional.empty(), error);
    }

    private static boolean has(int cpu, Bf16Instructions instructions) {
      return (cpu & 1 << instructions.code) != 0;
    }

    /** Returns whether the process can execute an implementation. */
    public boolean includes(Bf16Instructions instructions) {
      return instructions.isEmulated()
          || fastest.isPresent() && instructions.compareTo(fastest.get()) <= 0;
    }
  }
}

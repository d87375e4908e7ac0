package dev.kiln.infer.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

/** Vector and matrix instructions that oneDNN uses on this CPU. */
final class CpuInstructions {
  private CpuInstructions() {}

  private static boolean has(int instructions) {
    return (dnnl_get_effective_cpu_isa() & instructions) == instructions;
  }

  /** Returns whether the CPU multiplies bfloat16 itself; elsewhere it is slower than float32. */
  static boolean hasNativeBf16() {
    return has(dnnl_cpu_isa_avx512_core_bf16);
  }

  /** Returns whether oneDNN supports bfloat16 on this CPU at all, natively or emulated. */
  static boolean supportBf16() {
    return has(dnnl_cpu_isa_avx512_core) || has(dnnl_cpu_isa_avx2_vnni_2);
  }

  /** Returns the usual name of the instruction set. */
  static String name() {
    if (has(dnnl_cpu_isa_avx512_core_amx)) {
      return "AMX";
    }
    if (hasNativeBf16()) {
      return "AVX-512 BF16";
    }
    if (has(dnnl_cpu_isa_avx512_core)) {
      return "AVX-512";
    }
    return has(dnnl_cpu_isa_avx2) ? "AVX2" : "SSE 4.1";
  }
}

package dev.kiln.infer.cpu;

import dev.kiln.attention.FusedAttention;
import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.infer.TrialProcess;
import dev.kiln.io.UserCache;
import dev.kiln.matmul.PackedMatmul;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * First run of Kiln's bfloat16 kernels on a machine, in a process of its own, because an
 * instruction that the machine refuses ends the process. Compares them with the emulation. A
 * success is stored, so that later starts need no such process.
 */
final class Bf16Probe {
  private static final int SECONDS = 60;
  private static final int DIFFERENT = 3;

  /** Of float32 output; the instructions are expected to give the bytes of the emulation. */
  private static final double PRODUCT_TOLERANCE = 1e-5;

  private static final int TOKENS = 100;
  private static final int HEADS = 2;
  private static final int HEAD = 64;
  private static final int WIDTH = HEADS * HEAD;
  private static final int COLUMNS = 70;

  private Bf16Probe() {}

  /** Returns how the first run on this machine failed; empty if it succeeded. */
  static String failure(Bf16Instructions instructions) {
    return CpuIdentity.ofProcess()
        .map(cpu -> TrialProcess.once(stored(instructions, cpu.title()), () -> run(instructions)))
        .orElseGet(() -> run(instructions));
  }

  static Path stored(Bf16Instructions instructions, String cpu) {
    return UserCache.directory("kernels")
        .resolve("bf16-%s-%s.works".formatted(instructions.name().toLowerCase(Locale.ROOT), cpu));
  }

  /** Runs the kernels in another process; returns how that failed. */
  static String run(Bf16Instructions instructions) {
    return TrialProcess.run(Bf16Probe.class, List.of(instructions.name()), SECONDS);
  }

  /** Ends with 0 if the kernels agree with the emulation. */
  public static void main(String[] arguments) {
    int status = DIFFERENT;
    try {
      Bf16Instructions instructions = Bf16Instructions.valueOf(arguments[0]);
      Bf16Instructions emulation =
          instructions.name().endsWith("AMX")
              ? Bf16Instructions.EMULATED_AMX
              : Bf16Instructions.EMULATED_AVX512;
      double product = difference(product(instructions), product(emulation), DataType.FP32);
      double attention = difference(attention(instructions), attention(emulation), DataType.BF16);
      System.out.printf(
          Locale.ROOT,
          "difference from the emulation: product: expected at most %.2g, found %.2g; attention:"
              + " expected at most %.2g, found %.2g%n",
          PRODUCT_TOLERANCE,
          product,
          OwnKernels.BF16_TOLERANCE,
          attention);
      status =
          product <= PRODUCT_TOLERANCE && attention <= OwnKernels.BF16_TOLERANCE ? 0 : DIFFERENT;
    } catch (RuntimeException | Error e) {
      System.out.println(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      status = 1;
    }
    System.exit(status);
  }

  private static ByteBuffer product(Bf16Instructions instructions) {
    HostBuffer in = noise(TOKENS * 3 * WIDTH, DataType.BF16, 1);
    HostBuffer weights = noise(3 * WIDTH * COLUMNS, DataType.FP32, 0.05);
    HostBuffer packed =
        HostBuffer.allocate("packed weights", Bf16Kernels.packedBytes(3 * WIDTH, COLUMNS) + 64);
    HostBuffer out = HostBuffer.allocate("product", (long) TOKENS * COLUMNS * Float.BYTES);
    long aligned = (packed.address() + 63) & -64;
    Bf16Kernels.pack(weights.address(), 3 * WIDTH, COLUMNS, aligned);
    Bf16Kernels.multiply(
        new PackedMatmul.Shape(TOKENS, 3 * WIDTH, COLUMNS, 3 * WIDTH, COLUMNS),
        in.address(),
        aligned,
        0,
        out.address(),
        true,
        PackedMatmul.Epilogue.STORE,
        1,
        instructions);
    return out.slice(0, Math.toIntExact(out.size()));
  }

  private static ByteBuffer attention(Bf16Instructions instructions) {
    HostBuffer rows = noise(TOKENS * 3 * WIDTH, DataType.BF16, 0.7);
    HostBuffer out = HostBuffer.allocate("attention", (long) TOKENS * WIDTH * Short.BYTES);
    Bf16Kernels.attention(
        new FusedAttention.Shape(TOKENS, TOKENS, HEADS, HEAD, 3 * WIDTH, 3 * WIDTH, WIDTH),
        rows.address(),
        rows.address() + WIDTH * Short.BYTES,
        rows.address() + 2 * WIDTH * Short.BYTES,
        out.address(),
        1,
        instructions);
    return out.slice(0, Math.toIntExact(out.size()));
  }

  private static HostBuffer noise(int count, DataType type, double deviation) {
    HostBuffer buffer = HostBuffer.allocate("noise", (long) count * type.bytes());
    NoiseTensors.fill(buffer.slice(0, count * type.bytes()), type, deviation);
    return buffer;
  }

  private static double difference(ByteBuffer found, ByteBuffer expected, DataType type) {
    return KernelTrial.difference(found, expected, type);
  }
}

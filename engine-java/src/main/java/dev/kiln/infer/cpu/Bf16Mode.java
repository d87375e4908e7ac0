package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Instructions.Support;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the bfloat16 kernels of an encoder are chosen.
 *
 * @param choice who decides
 * @param instructions of Kiln's kernels; empty if only oneDNN's are used
 */
record Bf16Mode(KernelChoice choice, Optional<Bf16Instructions> instructions)
    implements KernelSource {
  /** All kernels are oneDNN's. */
  static final Bf16Mode NONE = new Bf16Mode(KernelChoice.ONEDNN, Optional.empty());

  private static final Logger log = LoggerFactory.getLogger(Bf16Mode.class);

  /** Returns the mode of this process, by its property and the CPU. */
  static Bf16Mode ofProcess() {
    return of(KernelChoice.ofProcess(), Bf16Kernels.support(), Bf16Probe::failure);
  }

  /**
   * Returns the mode of a process; logs if something that the CPU has cannot be used.
   *
   * @param choice who decides
   * @param support what the process can use
   * @param probe runs the kernels for the first time; returns how that failed, or an empty string
   */
  static Bf16Mode of(
      KernelChoice choice, Support support, Function<Bf16Instructions, String> probe) {
    if (support.amxError() != 0) {
      log.warn(
          "amx=off reason=\"the operating system refuses AMX to this process: error {}\" instructions={}",
          support.amxError(),
          support.fastest().map(Enum::name).orElse("none"));
    }
    if (choice == KernelChoice.ONEDNN || support.fastest().isEmpty()) {
      return NONE;
    }
    Bf16Instructions instructions = support.fastest().get();
    String failure = probe.apply(instructions);
    if (!failure.isEmpty()) {
      log.warn(
          "kernels=onednn instructions={} reason=\"the trial in another process {}\"",
          instructions,
          failure);
      return NONE;
    }
    return new Bf16Mode(choice, support.fastest());
  }

  @Override
  public Function<OneDnn, PassKernels> choose(
      ExportedEncoder exported, OneDnn dnn, OneDnnTensors weights) {
    if (instructions.isEmpty()) {
      return KernelSource.oneDnn(DataType.BF16).choose(exported, dnn, weights);
    }
    OwnKernels own = OwnKernels.bf16(instructions.get(), dnn.threads());
    return choice == KernelChoice.KILN
        ? context -> own.ofPass(weights, instructions)
        : new KernelTrial(dnn, own).choose(exported, weights);
  }

  /** Returns the mode in which all operations are Kiln's. */
  static Bf16Mode all(Bf16Instructions instructions) {
    return new Bf16Mode(KernelChoice.KILN, Optional.of(instructions));
  }
}

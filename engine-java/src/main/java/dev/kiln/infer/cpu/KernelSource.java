package dev.kiln.infer.cpu;

import dev.kiln.model.ExportedEncoder;
import dev.kiln.nativelib.FloatInstructions;
import dev.kiln.type.DataType;
import java.util.Optional;
import java.util.function.Function;

/** Chooses the kernels of an encoder. */
@FunctionalInterface
interface KernelSource {
  /**
   * Returns the kernels by the context of each pass. A trial takes a second or two.
   *
   * @param exported model, platform and chip size
   * @param dnn provides threads
   * @param weights of the encoder
   */
  Function<OneDnn, PassKernels> choose(ExportedEncoder exported, OneDnn dnn, OneDnnTensors weights);

  /** Returns the source of this process for a type. */
  static KernelSource ofProcess(DataType type) {
    return type == DataType.FP32 ? fp32(KernelChoice.ofProcess()) : Bf16Mode.ofProcess();
  }

  /** Returns the source of kernels that are all oneDNN's. */
  static KernelSource oneDnn(DataType type) {
    return (exported, dnn, weights) -> context -> PassKernels.oneDnn(context, weights, type);
  }

  /** Returns the source of float32 kernels. */
  static KernelSource fp32(KernelChoice choice) {
    FloatInstructions fastest = FloatInstructions.fastest();
    if (choice == KernelChoice.ONEDNN || fastest == FloatInstructions.PORTABLE) {
      return oneDnn(DataType.FP32);
    }
    // Those of AVX2 were measured: they take two thirds of the time of oneDNN's.
    boolean noTrial = choice == KernelChoice.KILN || fastest == FloatInstructions.AVX2;
    return (exported, dnn, weights) -> {
      OwnKernels own = OwnKernels.fp32(dnn.threads());
      return noTrial
          ? context -> own.ofPass(weights, Optional.empty())
          : new KernelTrial(dnn, own).choose(exported, weights);
    };
  }
}

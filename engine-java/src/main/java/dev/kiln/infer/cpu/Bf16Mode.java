package dev.kiln.infer.cpu;

import dev.kiln.bf16.Bf16Instructions;
import dev.kiln.bf16.Bf16Instructions.Support;
import dev.kiln.bf16.Bf16Kernels;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.util.Locale;
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
record Bf16Mode(Choice choice, Optional<Bf16Instructions> instructions) {
  /** For encoders that compute in float32. */
  static final Bf16Mode NONE = new Bf16Mode(Choice.ONEDNN, Optional.empty());

  /** System property with the name of a {@link Choice}. */
  static final String PROPERTY = "kiln.bf16";

  private static final Logger log = LoggerFactory.getLogger(Bf16Mode.class);

  /** Who decides. */
  enum Choice {
    /** A trial at the start. */
    AUTO,
    /** All operations are oneDNN's. */
    ONEDNN,
    /** All operations are Kiln's. */
    KILN
  }

  /** Returns the mode of this process, by its property and the CPU. */
  static Bf16Mode ofProcess() {
    return of(System.getProperty(PROPERTY, "auto"), Bf16Kernels.support(), Bf16Probe::failure);
  }

  /**
   * Returns the mode of a process; logs if something that the CPU has cannot be used.
   *
   * @param property name of a choice
   * @param support what the process can use
   * @param probe runs the kernels for the first time; returns how that failed, or an empty string
   */
  static Bf16Mode of(String property, Support support, Function<Bf16Instructions, String> probe) {
    Choice choice;
    try {
      choice = Choice.valueOf(property.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "-D%s: expected auto, onednn or kiln, found %s".formatted(PROPERTY, property), e);
    }
    if (support.amxError() != 0) {
      log.warn(
          "amx=off reason=\"the operating system refuses AMX to this process: error {}\" instructions={}",
          support.amxError(),
          support.fastest().map(Enum::name).orElse("none"));
    }
    if (choice == Choice.ONEDNN || support.fastest().isEmpty()) {
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

  /**
   * Returns the kernels of an encoder. A trial takes a second or two.
   *
   * @param dnn provides threads
   * @param weights of the encoder
   */
  PassKernels kernels(ExportedEncoder exported, OneDnn dnn, OneDnnTensors weights) {
    MatrixProducts oneDnn = new OneDnnProducts(dnn, weights, DataType.BF16);
    if (instructions.isEmpty()) {
      return new PassKernels(oneDnn, Optional.empty(), Optional.empty());
    }
    OwnKernels own = OwnKernels.bf16(instructions.get(), dnn.threads());
    MatrixProducts ownProducts = own.products().apply(weights);
    if (choice == Choice.KILN) {
      return new PassKernels(ownProducts, Optional.of(own.attention()), instructions);
    }
    KernelTrial trial = new KernelTrial(dnn, own);
    boolean fuse = trial.ownAttentionWins(exported.architecture(), exported.tokens());
    return new PassKernels(
        new TrialProducts(ownProducts, oneDnn, trial::ownProductWins),
        fuse ? Optional.of(own.attention()) : Optional.empty(),
        Optional.empty());
  }

  /** Returns the mode in which all operations are Kiln's. */
  static Bf16Mode all(Bf16Instructions instructions) {
    return new Bf16Mode(Choice.KILN, Optional.of(instructions));
  }
}

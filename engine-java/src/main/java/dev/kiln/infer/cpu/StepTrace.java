package dev.kiln.infer.cpu;

import dev.kiln.type.DataType;
import java.util.Locale;

/**
 * Times of Kiln's own steps, printed in the form of oneDNN's trace ({@code
 * ONEDNN_VERBOSE=profile_exec}) where that is on, so that a profile of the encoder is complete.
 */
final class StepTrace {
  private static final boolean ON =
      String.valueOf(System.getenv("ONEDNN_VERBOSE")).contains("profile_exec");

  private StepTrace() {}

  /** Returns the time at which a step starts. */
  static long start() {
    return ON ? System.nanoTime() : 0;
  }

  /**
   * Prints a step.
   *
   * @param kind of operation
   * @param kernel name of the implementation
   * @param type of the inputs
   * @param shapes of the inputs, such as {@code 1025x1024:1024x3072}
   * @param start what {@link #start} returned
   */
  static void end(String kind, String kernel, DataType type, String shapes, long start) {
    if (ON) {
      String types = type == DataType.FP32 ? "f32" : "bf16";
      System.out.printf(
          Locale.ROOT,
          "kiln_verbose,v1,primitive,exec,cpu,%s,kiln:%s,undef,src:%s wei:%s dst:%s,,,%s,%.4f%n",
          kind,
          kernel,
          types,
          types,
          types,
          shapes,
          (System.nanoTime() - start) / 1e6);
    }
  }
}

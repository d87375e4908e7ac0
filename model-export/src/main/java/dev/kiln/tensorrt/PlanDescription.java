package dev.kiln.tensorrt;

import java.util.List;
import java.util.Objects;

/**
 * What lies beside a plan in a {@code .json} of its own.
 *
 * @param format version of this layout
 * @param key what the plan is good for
 * @param bytes its size
 * @param sha256 of it, in hexadecimal
 * @param seconds that compiling took
 * @param attention how attention runs
 */
public record PlanDescription(
    int format, PlanKey key, long bytes, String sha256, double seconds, Attention attention) {
  /** Version of the layout that is written and read here. */
  public static final int FORMAT = 1;

  public PlanDescription {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(sha256, "sha256");
    Objects.requireNonNull(attention, "attention");
  }

  /**
   * How attention runs, after the layer report.
   *
   * @param blocks of the encoder
   * @param fused layers that are a fused attention kernel; one a block is best
   * @param kernels names of these, each once
   */
  public record Attention(int blocks, int fused, List<String> kernels) {
    public Attention {
      kernels = List.copyOf(kernels);
    }

    @Override
    public String toString() {
      return fused == 0
          ? "no fused attention kernel in %d blocks".formatted(blocks)
          : "%d fused attention kernels in %d blocks (%s)"
              .formatted(fused, blocks, String.join(", ", kernels));
    }
  }
}

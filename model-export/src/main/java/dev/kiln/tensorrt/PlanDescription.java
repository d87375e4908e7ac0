package dev.kiln.tensorrt;

import java.util.List;
import java.util.Objects;

/**
 * Description of a plan, stored beside it in a {@code .json} file.
 *
 * @param format version of this layout
 * @param key everything that the plan depends on
 * @param bytes size of the plan
 * @param sha256 SHA-256 of the plan in hexadecimal
 * @param seconds duration of the compilation
 * @param attention kernels of attention
 */
public record PlanDescription(
    int format, PlanKey key, long bytes, String sha256, double seconds, Attention attention) {
  /** Version of the layout. */
  public static final int FORMAT = 1;

  /** Checks that nothing is null. */
  public PlanDescription {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(sha256, "sha256");
    Objects.requireNonNull(attention, "attention");
  }

  /**
   * Kernels of attention, from the layer report.
   *
   * @param blocks number of blocks of the encoder
   * @param fused number of layers with a fused attention kernel, at best one per block
   * @param kernels distinct names of these kernels
   */
  public record Attention(int blocks, int fused, List<String> kernels) {
    /** Copies the names. */
    public Attention {
      kernels = List.copyOf(kernels);
    }

    /** Returns whether every block has one; the last, with a single query, may lack it. */
    boolean complete() {
      return fused > 0 && fused >= blocks - 1;
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

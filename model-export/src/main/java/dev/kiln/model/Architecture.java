package dev.kiln.model;

import dev.kiln.error.ConfigurationException;
import dev.kiln.type.Patch;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Dimensions of a Clay v1.5 encoder.
 *
 * @param name a known size's name, or {@link #CUSTOM}
 * @param dim width of a token, and of the embedding
 * @param depth transformer blocks
 * @param heads attention heads
 * @param dimHead width of one head
 * @param mlpDim width of the hidden layer of a block's MLP
 */
public record Architecture(String name, int dim, int depth, int heads, int dimHead, int mlpDim) {
  /** Edge of a patch in pixels. */
  public static final int PATCH = Patch.SIZE;

  /** Name of an architecture that matches no known size. */
  public static final String CUSTOM = "custom";

  /** Head width of every released size. */
  public static final int DEFAULT_DIM_HEAD = 64;

  /** {@code large} is Clay v1.5 as released; {@code micro} is for tests. */
  private static final List<Architecture> KNOWN =
      List.of(
          new Architecture("micro", 64, 2, 4, 16, 128),
          new Architecture("tiny", 192, 6, 4, 48, 384),
          new Architecture("small", 384, 6, 6, 64, 768),
          new Architecture("base", 768, 12, 12, 64, 3072),
          new Architecture("large", 1024, 24, 16, 64, 4096));

  /** {@return the width of all heads together} */
  public int inner() {
    return heads * dimHead;
  }

  /** {@return the number of pixels in a patch of one band} */
  public static int patchPixels() {
    return PATCH * PATCH;
  }

  /**
   * {@return a known size}
   *
   * @param name such as {@code large}
   * @throws ConfigurationException if no known size has this name
   */
  public static Architecture named(String name) {
    return KNOWN.stream()
        .filter(known -> known.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "model size: expected one of %2$s, found %1$s"
                        .formatted(
                            name,
                            KNOWN.stream()
                                .map(Architecture::name)
                                .collect(Collectors.joining(", ")))));
  }

  /**
   * Returns the architecture whose weights have these sizes. Weights do not contain the number of
   * heads: a known size with the same widths determines it, otherwise heads are 64 wide.
   *
   * @param dim width of a token
   * @param depth number of blocks
   * @param inner width of all heads together
   * @param mlpDim width of the hidden layer of a block's MLP
   * @return empty if the width does not divide into heads
   */
  public static Optional<Architecture> of(int dim, int depth, int inner, int mlpDim) {
    for (Architecture known : KNOWN) {
      if (known.dim == dim && known.inner() == inner) {
        boolean same = known.depth == depth && known.mlpDim == mlpDim;
        return Optional.of(
            new Architecture(
                same ? known.name : CUSTOM, dim, depth, known.heads, known.dimHead, mlpDim));
      }
    }
    return inner % DEFAULT_DIM_HEAD == 0
        ? Optional.of(
            new Architecture(
                CUSTOM, dim, depth, inner / DEFAULT_DIM_HEAD, DEFAULT_DIM_HEAD, mlpDim))
        : Optional.empty();
  }
}

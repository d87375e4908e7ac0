package dev.kiln.infer;

import dev.kiln.error.ConfigurationException;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Types that an implementation of the encoder supports on this machine for the inputs of matrix
 * products.
 *
 * @param implementation name for messages, such as "oneDNN on this CPU (AVX2)"
 * @param byDefault type that {@link PrecisionRequest#DEFAULT} selects
 * @param auto types that {@link PrecisionRequest#AUTO} selects from, the fastest first; each but
 *     the last must pass a trial
 * @param all every supported type
 */
public record SupportedPrecisions(
    String implementation, DataType byDefault, List<DataType> auto, List<DataType> all) {
  /** Copies the lists. */
  public SupportedPrecisions {
    auto = List.copyOf(auto);
    all = List.copyOf(all);
  }

  /**
   * {@return the support of an implementation that always uses its default unless told otherwise}
   *
   * @param implementation name for messages
   * @param byDefault type of the default and of {@code auto}
   * @param others further supported types
   */
  public static SupportedPrecisions of(
      String implementation, DataType byDefault, DataType... others) {
    List<DataType> all = new ArrayList<>(List.of(byDefault));
    all.addAll(List.of(others));
    return new SupportedPrecisions(implementation, byDefault, List.of(byDefault), all);
  }

  /**
   * Checks that a type is supported.
   *
   * @param type requested type
   * @throws ConfigurationException if it is not
   */
  public void require(DataType type) {
    if (!all.contains(type)) {
      throw new ConfigurationException(
          "--precision %s: expected %s for %s; change --precision or --encoder"
              .formatted(
                  type.label(),
                  all.stream().map(DataType::label).collect(Collectors.joining(" or ")),
                  implementation));
    }
  }
}

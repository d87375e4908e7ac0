package dev.kiln.infer;

import dev.kiln.type.DataType;
import java.util.Locale;
import java.util.Optional;

/**
 * The requested type for the inputs of matrix products: the device's default, the fastest one that
 * is accurate enough, or a fixed one. It means the same for CPU and GPU encoders.
 */
public final class PrecisionRequest {
  /** The default of the device: float32 on a CPU, bfloat16 on a GPU. */
  public static final PrecisionRequest DEFAULT = new PrecisionRequest("default", null);

  /** The fastest type that the device computes natively and that keeps the encoder's tolerance. */
  public static final PrecisionRequest AUTO = new PrecisionRequest("auto", null);

  private final String label;
  private final DataType type;

  private PrecisionRequest(String label, DataType type) {
    this.label = label;
    this.type = type;
  }

  /**
   * {@return a request for one type}
   *
   * @param type that must be used
   */
  public static PrecisionRequest fixed(DataType type) {
    return new PrecisionRequest(type.label(), type);
  }

  /**
   * Parses the value of an option.
   *
   * @param text {@code auto} or the label of a {@link DataType}, in any case
   * @return the request
   * @throws IllegalArgumentException if it is neither
   */
  public static PrecisionRequest parse(String text) {
    if (text.equalsIgnoreCase(AUTO.label)) {
      return AUTO;
    }
    return DataType.ofLabel(text)
        .map(PrecisionRequest::fixed)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected auto, fp32, bf16 or fp16, found " + text.toLowerCase(Locale.ROOT)));
  }

  /** {@return the requested type; empty for {@link #DEFAULT} and {@link #AUTO}} */
  public Optional<DataType> type() {
    return Optional.ofNullable(type);
  }

  /**
   * {@return whether this requests one type}
   *
   * @param candidate type to compare
   */
  public boolean isFixed(DataType candidate) {
    return type == candidate;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PrecisionRequest request && request.label.equals(label);
  }

  @Override
  public int hashCode() {
    return label.hashCode();
  }

  /** Returns the value of the option, or "default". */
  @Override
  public String toString() {
    return label;
  }
}

package dev.kiln.platform;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A sensor platform that Clay was trained on, or a custom one.
 *
 * @param name such as {@code naip} or {@code sentinel-2-l2a}
 * @param gsd ground sample distance in metres per pixel; the scene's own takes precedence
 * @param bands bands in the order of the model's input
 * @param product name of the built-in platform whose products are read, so that its names of bands,
 *     its mask, its levels and its offset apply; {@link #NO_PRODUCT} for none; empty if it is not
 *     stated
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
public record Platform(String name, double gsd, List<Band> bands, Optional<String> product) {
  /** States that scenes are products of no built-in platform. */
  public static final String NO_PRODUCT = "none";

  /** Copies the bands and checks that nothing is null. */
  public Platform {
    Objects.requireNonNull(name, "name of a platform");
    bands = List.copyOf(bands);
    product = product == null ? Optional.empty() : product;
  }

  /**
   * Creates a platform that does not state a product.
   *
   * @param name such as {@code naip}
   * @param gsd ground sample distance in metres per pixel
   * @param bands bands in the order of the model's input
   */
  public Platform(String name, double gsd, List<Band> bands) {
    this(name, gsd, bands, Optional.empty());
  }

  /** {@return the name of the platform whose products are read: the stated one, or its own} */
  public String productName() {
    return product.orElse(name);
  }
}

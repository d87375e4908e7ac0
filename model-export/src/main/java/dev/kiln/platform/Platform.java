package dev.kiln.platform;

import java.util.List;
import java.util.Objects;

/**
 * A sensor platform that Clay was trained on, or a custom one.
 *
 * @param name such as {@code naip} or {@code sentinel-2-l2a}
 * @param gsd ground sample distance in metres per pixel; the scene's own takes precedence
 * @param bands bands in the order of the model's input
 */
public record Platform(String name, double gsd, List<Band> bands) {
  /** Copies the bands and checks that nothing is null. */
  public Platform {
    Objects.requireNonNull(name, "name of a platform");
    bands = List.copyOf(bands);
  }
}

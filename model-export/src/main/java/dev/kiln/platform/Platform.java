package dev.kiln.platform;

import java.util.List;

/**
 * A sensor as Clay knows it: its bands in the order that the model takes them.
 *
 * @param name such as {@code naip} or {@code sentinel-2-l2a}
 * @param gsd ground sample distance in metres per pixel; a scene's own wins where it has one
 * @param bands in band order
 */
public record Platform(String name, double gsd, List<Band> bands) {
  public Platform {
    bands = List.copyOf(bands);
  }
}

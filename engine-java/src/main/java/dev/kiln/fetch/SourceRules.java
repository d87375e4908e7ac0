package dev.kiln.fetch;

import java.util.Set;

/**
 * Which stores besides the source itself are read for a scene.
 *
 * @param mirror whether the source holds the objects of every bucket, by key; always so for a
 *     directory
 * @param allowedHosts names of web servers that items may refer to
 */
public record SourceRules(boolean mirror, Set<String> allowedHosts) {
  /** Copies the set. */
  public SourceRules {
    allowedHosts = Set.copyOf(allowedHosts);
  }

  /**
   * {@return the defaults: every object is read from the place that its item names, no other web
   * servers}
   */
  public static SourceRules standard() {
    return new SourceRules(false, Set.of());
  }
}

package dev.kiln.fetch;

import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which stores besides the source itself are read for a scene.
 *
 * @param mirror whether the source holds the objects of every bucket, by key; always so for a
 *     directory
 * @param allowedHosts names of web servers that items may refer to, in lower case
 */
public record SourceRules(boolean mirror, Set<String> allowedHosts) {
  /** Converts the names to lower case. */
  public SourceRules {
    allowedHosts =
        allowedHosts.stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Returns the options for a web server that the user named.
   *
   * @param options how it is reached
   * @return options with which it may redirect to any server, or, once servers are allowed by name,
   *     only to these
   */
  public StoreOptions forNamed(StoreOptions options) {
    return allowedHosts.isEmpty() ? options : options.withRedirectsTo(allowedHosts);
  }

  /**
   * Returns the options for a server that items name: it gets no credentials, and may redirect to
   * permitted servers only.
   *
   * @param options how it is reached
   * @param source name of the server that is the source; empty if it is none
   */
  StoreOptions forOthers(StoreOptions options, Optional<String> source) {
    Set<String> permitted = new HashSet<>(allowedHosts);
    source.ifPresent(permitted::add);
    return options.withoutSourceCredentials().withRedirectsTo(permitted);
  }

  /**
   * {@return the defaults: every object is read from the place that its item names, no other web
   * servers}
   */
  public static SourceRules standard() {
    return new SourceRules(false, Set.of());
  }
}

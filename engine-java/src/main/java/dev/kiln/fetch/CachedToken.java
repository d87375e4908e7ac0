package dev.kiln.fetch;

import java.time.Duration;
import java.time.Instant;

/** A token that is obtained again before it expires. Safe for use by several threads. */
final class CachedToken {
  /** Longer than any request of a run takes to reach its service. */
  private static final Duration MARGIN = Duration.ofMinutes(3);

  /**
   * A token.
   *
   * @param value secret
   * @param expires when it ceases to be valid
   */
  record Token(String value, Instant expires) {
    @Override
    public String toString() {
      return "token until " + expires;
    }
  }

  /** Where tokens come from. */
  @FunctionalInterface
  interface Source {
    /**
     * Obtains a token.
     *
     * @throws RequestException if the service is unavailable or refuses
     */
    Token obtain() throws RequestException;
  }

  private final Source source;
  private Token current;

  /** Creates a cache without a token. */
  CachedToken(Source source) {
    this.source = source;
  }

  /** Returns the value of a token that is valid for some minutes. */
  synchronized String value() throws RequestException {
    if (current == null || Instant.now().plus(MARGIN).isAfter(current.expires())) {
      Token obtained = source.obtain();
      current = obtained;
    }
    return current.value();
  }

  /** Discards the token. */
  synchronized void discard() {
    current = null;
  }
}

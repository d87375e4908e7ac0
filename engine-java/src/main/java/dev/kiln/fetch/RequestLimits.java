package dev.kiln.fetch;

import java.time.Duration;

/**
 * Limits of the requests to a store.
 *
 * @param connections requests under way at once
 * @param attempts tries of a request that may pass
 * @param firstPause before the second try; it doubles from try to try
 * @param stallLimit a connection on which no byte moves for so long is given up; whole seconds, at
 *     least 2
 */
public record RequestLimits(
    int connections, int attempts, Duration firstPause, Duration stallLimit) {
  /** Patience for a bucket that asks to slow down, about half a minute in all. */
  public static RequestLimits standard() {
    return new RequestLimits(32, 8, Duration.ofMillis(200), Duration.ofSeconds(20));
  }
}

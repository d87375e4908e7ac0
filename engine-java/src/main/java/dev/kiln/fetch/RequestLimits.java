package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import java.time.Duration;

/**
 * Limits of the requests to a store.
 *
 * @param connections number of concurrent requests
 * @param attempts number of attempts of a request that fails with a transient error
 * @param firstPause before the second attempt; grows exponentially
 * @param stallLimit a connection that transfers no byte for this long is closed; whole seconds, at
 *     least 2
 */
public record RequestLimits(
    int connections, int attempts, Duration firstPause, Duration stallLimit) {
  /** {@return the defaults: retries for about half a minute} */
  public static RequestLimits standard() {
    return new RequestLimits(32, 8, Duration.ofMillis(200), Duration.ofSeconds(20));
  }

  /** Returns when a failed request is attempted again. */
  RetryPolicy retryPolicy() {
    return RetryPolicy.of(attempts, firstPause);
  }
}

package dev.kiln.error;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;

/**
 * When a failed operation is attempted again: up to a number of attempts, with exponential backoff
 * and jitter. The pause after attempt n is a random time between half of and the whole of {@code
 * firstPause · 2ⁿ⁻¹}, at most {@code longestPause}, so that clients that failed together do not
 * return together.
 *
 * @param attempts number of attempts in all, at least 1
 * @param firstPause upper bound of the first pause
 * @param longestPause upper bound of every pause, also of one that a service asks for
 */
public record RetryPolicy(int attempts, Duration firstPause, Duration longestPause) {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);
  private static final int MAX_DOUBLINGS = 30;

  /** An operation that may be attempted several times. */
  @FunctionalInterface
  public interface Attempt<T, E extends Exception> {
    /**
     * Performs the operation once.
     *
     * @param number of this attempt, 1 for the first
     * @return the operation's result
     * @throws E if it failed
     * @throws InterruptedException if the thread was interrupted
     */
    T run(int number) throws E, InterruptedException;
  }

  /**
   * What a failure means for the next attempt.
   *
   * @param isTransient whether another attempt can succeed
   * @param pause that the service asked for; empty for the policy's backoff
   */
  public record Verdict(boolean isTransient, Optional<Duration> pause) {
    /** Another attempt cannot succeed. */
    public static final Verdict PERMANENT = new Verdict(false, Optional.empty());

    /** Another attempt can succeed, after the policy's backoff. */
    public static final Verdict TRANSIENT = new Verdict(true, Optional.empty());

    /**
     * {@return {@link #TRANSIENT} or {@link #PERMANENT}}
     *
     * @param isTransient whether another attempt can succeed
     */
    public static Verdict transientIf(boolean isTransient) {
      return isTransient ? TRANSIENT : PERMANENT;
    }

    /**
     * {@return a transient failure of a service that may have asked for a pause}
     *
     * @param pause how long to wait; empty for the policy's backoff
     */
    public static Verdict retryAfter(Optional<Duration> pause) {
      return new Verdict(true, pause);
    }
  }

  /** Decides which failures are transient. */
  @FunctionalInterface
  public interface Classifier {
    /**
     * Classifies a failure.
     *
     * @param failure of an attempt
     * @return whether and when to attempt again
     */
    Verdict classify(Exception failure);

    /**
     * {@return a classifier that takes every failure of one type for transient, and no other}
     *
     * @param type of transient failures
     */
    static Classifier transientAre(Class<? extends Exception> type) {
      return failure -> Verdict.transientIf(type.isInstance(failure));
    }
  }

  /** Waits between attempts; tests record the pauses instead. */
  @FunctionalInterface
  public interface Sleeper {
    /** Waits on the current thread. */
    Sleeper THREAD = pause -> Thread.sleep(pause.toMillis());

    /**
     * Waits.
     *
     * @param pause how long
     * @throws InterruptedException if the thread was interrupted
     */
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Checks the values. */
  public RetryPolicy {
    if (attempts < 1 || firstPause.isNegative() || longestPause.isNegative()) {
      throw new IllegalArgumentException(
          Mismatch.of("retry policy", "attempts ≥ 1 and pauses ≥ 0", attempts + ", " + firstPause));
    }
  }

  /**
   * {@return a policy whose pauses are at most 20 seconds}
   *
   * @param attempts number of attempts in all, at least 1
   * @param firstPause upper bound of the first pause
   */
  public static RetryPolicy of(int attempts, Duration firstPause) {
    return new RetryPolicy(attempts, firstPause, LONGEST_PAUSE);
  }

  /**
   * Parses the value of a {@code Retry-After} header.
   *
   * @param header a number of seconds, or a date such as {@code Wed, 21 Oct 2026 07:28:00 GMT}
   * @return the time to wait from now, at least zero; empty if the value is neither
   */
  public static Optional<Duration> parseRetryAfter(String header) {
    String value = header.strip();
    try {
      return Optional.of(Duration.ofSeconds(Math.max(0, Long.parseLong(value))));
    } catch (NumberFormatException notSeconds) {
      try {
        Instant until =
            ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        Duration left = Duration.between(Instant.now(), until);
        return Optional.of(left.isNegative() ? Duration.ZERO : left);
      } catch (DateTimeException notDate) {
        return Optional.empty();
      }
    }
  }

  /** {@return a policy of a single attempt} */
  public static RetryPolicy never() {
    return of(1, Duration.ZERO);
  }

  /**
   * Performs an operation until it succeeds, fails permanently or has used all attempts.
   *
   * @param <T> result of the operation
   * @param <E> exception of the operation
   * @param log takes one warning per retry
   * @param what the operation, for the log
   * @param classifier decides which failures are transient
   * @param sleeper waits between attempts
   * @param operation to perform
   * @return the result of the attempt that succeeded
   * @throws E the failure of the last attempt
   * @throws InterruptedException if the thread was interrupted
   */
  public <T, E extends Exception> T call(
      Logger log, String what, Classifier classifier, Sleeper sleeper, Attempt<T, E> operation)
      throws E, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return operation.run(attempt);
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        Optional<Duration> pause = retry(attempt, classifier.classify(e));
        if (pause.isEmpty()) {
          throw e;
        }
        logRetry(log, what, e, attempt, pause.get());
        sleeper.sleep(pause.get());
      }
    }
  }

  /**
   * {@return the pause before the next attempt, or empty if there is none: the failure is
   * permanent, all attempts are used, or the service asks for a pause longer than {@code
   * longestPause}}
   *
   * @param attempt number of the attempt that failed, 1 for the first
   * @param verdict on its failure
   */
  public Optional<Duration> retry(int attempt, Verdict verdict) {
    if (!verdict.isTransient() || attempt >= attempts) {
      return Optional.empty();
    }
    return Optional.of(verdict.pause().orElseGet(() -> backoff(attempt)))
        .filter(pause -> pause.compareTo(longestPause) <= 0);
  }

  /**
   * {@return the backoff after a failed attempt}
   *
   * @param attempt its number, 1 for the first
   */
  public Duration backoff(int attempt) {
    return backoff(attempt, ThreadLocalRandom.current().nextDouble());
  }

  /**
   * Returns the backoff after a failed attempt.
   *
   * @param jitter from 0 for the longest to 1 for the shortest pause
   */
  Duration backoff(int attempt, double jitter) {
    double full = firstPause.toNanos() * (double) (1L << Math.min(attempt - 1, MAX_DOUBLINGS));
    double bounded = Math.min(full, longestPause.toNanos());
    return Duration.ofNanos((long) (bounded * (1 - jitter / 2)));
  }

  /**
   * Logs that an attempt failed and another follows.
   *
   * @param log receives one warning
   * @param what the operation
   * @param failure of the attempt
   * @param attempt its number, 1 for the first
   * @param pause before the next
   */
  public void logRetry(Logger log, String what, Throwable failure, int attempt, Duration pause) {
    String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    log.warn(
        "{}{}; retrying in {} ms, attempt {} of {}",
        reason.startsWith(what) ? "" : Printable.of(what) + ": ",
        Printable.of(reason),
        pause.toMillis(),
        attempt + 1,
        attempts);
  }
}

package dev.kiln.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class RetryPolicyTest {
  private static final Logger log = LoggerFactory.getLogger(RetryPolicyTest.class);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final List<Duration> pauses = new ArrayList<>();
  private final List<Integer> attempts = new ArrayList<>();

  /** Fails with each of the failures in turn, then succeeds. */
  private String call(RetryPolicy policy, RetryPolicy.Verdict verdict, Exception... failures)
      throws Exception {
    Deque<Exception> left = new ArrayDeque<>(List.of(failures));
    return policy.<String, Exception>call(
        log,
        "operation",
        e -> e instanceof IOException ? verdict : RetryPolicy.Verdict.PERMANENT,
        pauses::add,
        attempt -> {
          attempts.add(attempt);
          if (!left.isEmpty()) {
            throw left.poll();
          }
          return "done";
        });
  }

  private static RetryPolicy.Verdict after(Duration pause) {
    return RetryPolicy.Verdict.retryAfter(Optional.of(pause));
  }

  @Test
  void parsesRetryAfterAsSecondsOrADate() {
    assertThat(RetryPolicy.parseRetryAfter(" 7 ")).contains(Duration.ofSeconds(7));
    assertThat(RetryPolicy.parseRetryAfter("-7")).contains(Duration.ZERO);
    assertThat(RetryPolicy.parseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT"))
        .contains(Duration.ZERO);
    assertThat(RetryPolicy.parseRetryAfter("Fri, 1 Jan 2100 00:00:00 GMT"))
        .hasValueSatisfying(pause -> assertThat(pause).isGreaterThan(Duration.ofDays(365)));
    assertThat(RetryPolicy.parseRetryAfter("soon")).isEmpty();
  }

  @Test
  void pausesGrowExponentiallyUpToTheLongest() {
    RetryPolicy policy = new RetryPolicy(9, Duration.ofMillis(200), Duration.ofMillis(1500));
    assertThat(policy.backoff(1, 0)).isEqualTo(Duration.ofMillis(200));
    assertThat(policy.backoff(2, 0)).isEqualTo(Duration.ofMillis(400));
    assertThat(policy.backoff(3, 0)).isEqualTo(Duration.ofMillis(800));
    assertThat(policy.backoff(4, 0)).isEqualTo(Duration.ofMillis(1500));
    assertThat(policy.backoff(Integer.MAX_VALUE, 0)).isEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void jitterTakesUpToHalfOfAPause() {
    RetryPolicy policy = RetryPolicy.of(3, SECOND);
    assertThat(policy.backoff(1, 1)).isEqualTo(Duration.ofMillis(500));
    assertThat(policy.backoff(1, 0.5)).isEqualTo(Duration.ofMillis(750));
    for (int i = 0; i < 1000; i++) {
      assertThat(policy.backoff(1)).isBetween(Duration.ofMillis(500), SECOND);
    }
  }

  @Test
  void transientFailuresAreRetriedUntilSuccess() throws Exception {
    RetryPolicy policy = RetryPolicy.of(3, SECOND);
    assertThat(
            call(policy, RetryPolicy.Verdict.TRANSIENT, new IOException("1"), new IOException("2")))
        .isEqualTo("done");
    assertThat(attempts).containsExactly(1, 2, 3);
    assertThat(pauses).hasSize(2);
    assertThat(pauses.get(0)).isBetween(SECOND.dividedBy(2), SECOND);
    assertThat(pauses.get(1)).isBetween(SECOND, SECOND.multipliedBy(2));
  }

  @Test
  void lastFailureIsThrownWhenAttemptsAreUsedUp() {
    IOException last = new IOException("2");
    assertThatThrownBy(
            () ->
                call(
                    RetryPolicy.of(2, SECOND),
                    RetryPolicy.Verdict.TRANSIENT,
                    new IOException("1"),
                    last))
        .isSameAs(last);
    assertThat(attempts).containsExactly(1, 2);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void permanentFailuresAreNotRetried() {
    IllegalStateException bug = new IllegalStateException();
    assertThatThrownBy(() -> call(RetryPolicy.of(5, SECOND), RetryPolicy.Verdict.TRANSIENT, bug))
        .isSameAs(bug);
    assertThat(attempts).containsExactly(1);
    assertThat(pauses).isEmpty();
  }

  @Test
  void serviceMayAskForAPauseUpToTheLongest() throws Exception {
    RetryPolicy policy = new RetryPolicy(3, SECOND, Duration.ofMinutes(1));
    call(policy, after(Duration.ofSeconds(7)), new IOException("busy"));
    call(policy, after(Duration.ZERO), new IOException("busy"));
    assertThat(pauses).containsExactly(Duration.ofSeconds(7), Duration.ZERO);

    IOException busy = new IOException("busy");
    assertThatThrownBy(() -> call(policy, after(Duration.ofSeconds(61)), busy)).isSameAs(busy);
    assertThat(pauses).hasSize(2);
  }

  @Test
  void interruptsPassThrough() {
    assertThatThrownBy(
            () ->
                RetryPolicy.of(5, SECOND)
                    .<String, IOException>call(
                        log,
                        "operation",
                        e -> RetryPolicy.Verdict.TRANSIENT,
                        pauses::add,
                        attempt -> {
                          throw new InterruptedException();
                        }))
        .isInstanceOf(InterruptedException.class);
    assertThat(pauses).isEmpty();
  }

  @Test
  void policyNeedsAnAttempt() {
    assertThatThrownBy(() -> RetryPolicy.of(0, SECOND))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("retry policy: expected attempts ≥ 1 and pauses ≥ 0, found 0, PT1S");
    assertThat(RetryPolicy.never().retry(1, RetryPolicy.Verdict.TRANSIENT)).isEmpty();
  }
}

package dev.kiln.fetch;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries requests again that failed with what may pass. The pauses between tries double up to {@link
 * #LONGEST_PAUSE_MILLIS}; chance takes up to half of each away, so that clients that were told to
 * slow down do not come back all at once.
 */
final class Retries {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  private static final long LONGEST_PAUSE_MILLIS = 20_000;

  private final RequestLimits limits;
  private final Traffic traffic;
  private final Function<Throwable, S3Failure> diagnosis;
  private final Runnable renewCredentials;

  /**
   * @param traffic counts requests and retries
   * @param diagnosis tells what a failure means
   * @param renewCredentials is run where they have expired
   */
  Retries(
      RequestLimits limits,
      Traffic traffic,
      Function<Throwable, S3Failure> diagnosis,
      Runnable renewCredentials) {
    this.limits = limits;
    this.traffic = traffic;
    this.diagnosis = diagnosis;
    this.renewCredentials = renewCredentials;
  }

  /**
   * Makes a request until it succeeds or is not worth another try.
   *
   * @param what it asks for, for the log
   * @param request starts one try
   * @return fails with {@link S3Failure}; cancelling it cancels the try that is under way
   */
  <T> CompletableFuture<T> run(String what, Supplier<CompletableFuture<T>> request) {
    CompletableFuture<T> result = new CompletableFuture<>();
    attempt(what, request, 1, () -> {}, result);
    return result;
  }

  private <T> void attempt(
      String what,
      Supplier<CompletableFuture<T>> request,
      int number,
      Runnable before,
      CompletableFuture<T> result) {
    if (result.isDone()) {
      return;
    }
    traffic.request();
    CompletableFuture<T> current;
    try {
      before.run();
      current = request.get();
    } catch (RuntimeException e) {
      current = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<T> under = current;
    result.whenComplete(
        (value, failure) -> {
          if (result.isCancelled()) {
            under.cancel(true);
          }
        });
    current.whenComplete(
        (value, thrown) -> {
          if (thrown == null) {
            result.complete(value);
          } else {
            failed(what, request, number, result, thrown);
          }
        });
  }

  private <T> void failed(
      String what,
      Supplier<CompletableFuture<T>> request,
      int number,
      CompletableFuture<T> result,
      Throwable thrown) {
    if (result.isDone()) {
      return;
    }
    S3Failure failure;
    try {
      failure = diagnosis.apply(thrown);
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
      return;
    }
    if (!failure.kind().mayPass() || number >= limits.attempts()) {
      result.completeExceptionally(failure);
      return;
    }
    long pause = pause(number);
    traffic.retry();
    log.warn(
        "{}: {}; trying again in {} ms ({} of {})",
        what,
        failure.getMessage(),
        pause,
        number,
        limits.attempts());
    Runnable before = failure.kind() == S3Failure.Kind.EXPIRED ? renewCredentials : () -> {};
    CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS)
        .execute(() -> attempt(what, request, number + 1, before, result));
  }

  private long pause(int number) {
    long full =
        Math.min(LONGEST_PAUSE_MILLIS, limits.firstPause().toMillis() << Math.min(number - 1, 20));
    return full - ThreadLocalRandom.current().nextLong(full / 2 + 1);
  }
}

package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Makes asynchronous requests and retries those that fail with a transient error. */
final class Retries {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private final RetryPolicy policy;
  private final Traffic traffic;
  private final Function<Throwable, RequestException> errors;
  private final Runnable renewCredentials;

  /**
   * Creates retries for one store.
   *
   * @param policy when to retry
   * @param traffic counts requests and retries
   * @param errors maps what a request failed with
   * @param renewCredentials runs before a retry of a request whose credentials have expired
   */
  Retries(
      RetryPolicy policy,
      Traffic traffic,
      Function<Throwable, RequestException> errors,
      Runnable renewCredentials) {
    this.policy = policy;
    this.traffic = traffic;
    this.errors = errors;
    this.renewCredentials = renewCredentials;
  }

  /**
   * Makes a request until it succeeds, fails permanently or has used all attempts.
   *
   * @param what it requests, for the log
   * @param request starts one attempt
   * @return fails with {@link RequestException}; cancelling it cancels the current attempt
   */
  <T> CompletableFuture<T> run(String what, Supplier<CompletableFuture<T>> request) {
    CompletableFuture<T> result = new CompletableFuture<>();
    // Responses arrive on other threads, whose log lines belong to the caller's scene.
    Map<String, String> fields = MDC.getCopyOfContextMap();
    attempt(
        new Operation<>(what, request, fields == null ? Map.of() : fields, result), 1, () -> {});
    return result;
  }

  /**
   * A request and its attempts.
   *
   * @param what it requests, for the log
   * @param request starts one attempt
   * @param fields of the log lines
   * @param result of the last attempt
   */
  private record Operation<T>(
      String what,
      Supplier<CompletableFuture<T>> request,
      Map<String, String> fields,
      CompletableFuture<T> result) {}

  private <T> void attempt(Operation<T> operation, int number, Runnable before) {
    CompletableFuture<T> result = operation.result;
    if (result.isDone()) {
      return;
    }
    traffic.request();
    CompletableFuture<T> current;
    try {
      before.run();
      current = operation.request.get();
    } catch (RuntimeException e) {
      current = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<T> started = current;
    result.whenComplete(
        (value, failure) -> {
          if (result.isCancelled()) {
            started.cancel(true);
          }
        });
    current.whenComplete(
        (value, thrown) -> {
          if (thrown == null) {
            result.complete(value);
          } else {
            failed(operation, number, thrown);
          }
        });
  }

  private <T> void failed(Operation<T> operation, int number, Throwable thrown) {
    CompletableFuture<T> result = operation.result;
    if (result.isDone()) {
      return;
    }
    RequestException failure;
    try {
      failure = errors.apply(thrown);
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
      return;
    }
    Optional<Duration> pause = policy.retry(number, failure.verdict());
    if (pause.isEmpty()) {
      result.completeExceptionally(failure);
      return;
    }
    traffic.retry();
    MDC.setContextMap(operation.fields);
    policy.logRetry(log, operation.what, failure, number, pause.get());
    MDC.clear();
    Runnable before = failure.kind() == RequestException.Kind.EXPIRED ? renewCredentials : () -> {};
    CompletableFuture.delayedExecutor(pause.get().toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> attempt(operation, number + 1, before));
  }
}

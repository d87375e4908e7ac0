package dev.kiln.fetch;

import dev.kiln.error.RetryPolicy;
import dev.kiln.fetch.RequestException.Kind;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The identity that a cloud gives to the machine, whose tokens a local service issues. Only a
 * machine that certainly has none is anonymous: a service that is overloaded or fails would
 * otherwise turn into "access denied" for objects that the machine may read.
 */
final class MachineIdentity {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private final String root;
  private final RetryPolicy retries;

  /**
   * Creates a lookup.
   *
   * @param root URI of the bucket or container, for messages
   * @param limits of the requests to the service
   */
  MachineIdentity(String root, RequestLimits limits) {
    this.root = root;
    this.retries = limits.retryPolicy();
  }

  /**
   * Looks for an identity by obtaining a token.
   *
   * @param source fails with {@link Kind#MISSING} if there certainly is no identity
   * @param expected whether the environment names the service
   * @return empty if the machine has no identity
   * @throws UncheckedIOException if the service fails in all attempts, which is transient
   */
  Optional<RequestSigner> find(CachedToken.Source source, boolean expected) {
    try {
      CachedToken.Token first =
          retries.call(
              log,
              root + ": token of the machine",
              MachineIdentity::verdict,
              RetryPolicy.Sleeper.THREAD,
              attempt -> source.obtain());
      log.debug("token of the machine: store={} {}", root, first);
      return Optional.of(BearerTokens.of(source));
    } catch (RequestException e) {
      if (e.kind() == Kind.TRANSIENT) {
        throw unavailable(e.getMessage(), e);
      }
      if (expected) {
        log.warn("the machine has no identity: store={} reason=\"{}\"", root, e.getMessage());
      } else {
        log.debug("the machine has no identity: store={} reason=\"{}\"", root, e.getMessage());
      }
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("interrupted while a token was obtained", e);
    }
  }

  private static RetryPolicy.Verdict verdict(Exception e) {
    return e instanceof RequestException failure
        ? failure.verdict()
        : RetryPolicy.Verdict.PERMANENT;
  }

  private UncheckedIOException unavailable(String reason, Exception cause) {
    return new UncheckedIOException(
        new UnavailableException(
            root, reason + "; for anonymous requests to a public bucket, give --anonymous", cause));
  }
}

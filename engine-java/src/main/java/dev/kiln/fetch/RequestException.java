package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.RetryPolicy;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Optional;

/** A request to a remote store failed: why, in one line, and what that means for its object. */
final class RequestException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What the failure means. */
  enum Kind {
    /** The connection or the service failed; a retry can succeed. */
    TRANSIENT,
    /** The credentials have expired; a retry with new ones can succeed. */
    EXPIRED,
    /** The object is no longer the version that was opened. */
    CHANGED,
    /** There is no such object. */
    MISSING,
    /** The object has no bytes, or none in the requested range. */
    NO_SUCH_RANGE,
    /** The service sent no range; a proxy's error page, or a service without ranges. */
    NO_RANGES,
    /** These credentials may not read or write this object. */
    DENIED,
    /** The service refuses the request. */
    REFUSED,
    /** No request to this store can succeed until a setting is changed. */
    CONFIGURATION
  }

  private final Kind kind;
  private final transient Optional<Duration> retryAfter;

  /**
   * Creates a failure.
   *
   * @param reason one line for the user
   * @param cause what revealed it; may be null
   */
  RequestException(Kind kind, String reason, Throwable cause) {
    this(kind, reason, cause, Optional.empty());
  }

  /**
   * Creates a failure of a service that asks to wait.
   *
   * @param reason one line for the user
   * @param cause what revealed it; may be null
   * @param retryAfter how long the service asks to wait
   */
  RequestException(Kind kind, String reason, Throwable cause, Optional<Duration> retryAfter) {
    super(reason, cause);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  /** Returns what the failure means. */
  Kind kind() {
    return kind;
  }

  /** Returns whether and when a retry can succeed. */
  RetryPolicy.Verdict verdict() {
    return kind == Kind.TRANSIENT || kind == Kind.EXPIRED || kind == Kind.NO_RANGES
        ? RetryPolicy.Verdict.retryAfter(retryAfter)
        : RetryPolicy.Verdict.PERMANENT;
  }

  /**
   * Returns the failure as the error of one object.
   *
   * @param uri of the object
   * @throws ConfigurationException if it concerns the whole store
   */
  IOException toIoException(String uri) {
    return switch (kind) {
      case TRANSIENT -> UnavailableException.afterAllAttempts(uri, getMessage(), this);
      case CHANGED -> withCause(new ObjectChangedException(uri));
      case MISSING -> withCause(new NoSuchFileException(uri, null, getMessage()));
      case DENIED -> withCause(new AccessDeniedException(uri, null, getMessage()));
      // Every attempt was answered so, such as by a proxy's error page with status 200.
      case NO_RANGES, NO_SUCH_RANGE, REFUSED ->
          withCause(new UnreadableObjectException(uri, getMessage()));
      case EXPIRED, CONFIGURATION -> throw new ConfigurationException(getMessage(), this);
    };
  }

  private IOException withCause(IOException e) {
    e.initCause(this);
    return e;
  }
}

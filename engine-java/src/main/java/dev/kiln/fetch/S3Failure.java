package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Why a request to a bucket failed, in words for the user, and what that means for its object. */
final class S3Failure extends Exception {
  private static final long serialVersionUID = 1L;

  /** What can be done about it. */
  enum Kind {
    /** The way or the service: may pass. */
    PASSING(true),
    /** The credentials have run out: may pass with new ones. */
    EXPIRED(true),
    /** The object is no longer the version that was opened. */
    CHANGED(false),
    /** There is no such object. */
    MISSING(false),
    /** The object has no bytes, or none where they were asked for. */
    NO_SUCH_RANGE(false),
    /** Not this object, or not for these credentials. */
    DENIED(false),
    /** The request cannot be served. */
    REFUSED(false),
    /** No request to this bucket can be served until something is changed. */
    CONFIGURATION(false);

    private final boolean mayPass;

    Kind(boolean mayPass) {
      this.mayPass = mayPass;
    }

    boolean mayPass() {
      return mayPass;
    }
  }

  private final Kind kind;

  S3Failure(Kind kind, String reason, Throwable cause) {
    super(reason, cause);
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }

  /**
   * As the fault of one object.
   *
   * @throws ConfigurationException if it is not the object's alone
   */
  SceneException ofObject(String key) {
    return switch (kind) {
      case PASSING, CHANGED -> SceneException.transientError(key, getMessage(), this);
      case MISSING, NO_SUCH_RANGE, DENIED, REFUSED ->
          SceneException.permanent(key, getMessage(), this);
      case EXPIRED, CONFIGURATION -> throw new ConfigurationException(getMessage(), this);
    };
  }

  /**
   * As the failure of an operation on files.
   *
   * @throws ConfigurationException if it is not one object's alone
   */
  IOException ofFile(String uri) {
    return switch (kind) {
      case MISSING -> withCause(new NoSuchFileException(uri));
      case DENIED -> withCause(new AccessDeniedException(uri, null, getMessage()));
      case EXPIRED, CONFIGURATION -> throw new ConfigurationException(getMessage(), this);
      case PASSING -> new UnavailableException(uri + ": " + getMessage(), this);
      case CHANGED, NO_SUCH_RANGE, REFUSED -> new IOException(uri + ": " + getMessage(), this);
    };
  }

  private IOException withCause(IOException e) {
    e.initCause(this);
    return e;
  }
}

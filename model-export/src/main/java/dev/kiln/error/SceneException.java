package dev.kiln.error;

/**
 * One scene cannot be embedded. Thrown where the cause is known; carries the object key and one
 * line with the place in it (band, tile), what was expected and what was found.
 */
public final class SceneException extends KilnException {
  private static final long serialVersionUID = 1L;

  /** Whether a retry can help. */
  public enum Kind {
    /** The object itself is invalid or missing: recorded, and the run goes on. */
    PERMANENT,
    /** The request for it failed: retried, then left for another run. */
    TRANSIENT
  }

  private final Kind kind;
  private final String key;
  private final String reason;

  private SceneException(Kind kind, String key, String reason, Throwable cause) {
    super(key + ": " + reason, cause);
    this.kind = kind;
    this.key = key;
    this.reason = Printable.of(reason);
  }

  /**
   * {@return an error that no retry will fix}
   *
   * @param key object key
   * @param reason one line without the key
   */
  public static SceneException permanent(String key, String reason) {
    return new SceneException(Kind.PERMANENT, key, reason, null);
  }

  /**
   * {@return an error that no retry will fix}
   *
   * @param key object key
   * @param reason one line without the key
   * @param cause what revealed it
   */
  public static SceneException permanent(String key, String reason, Throwable cause) {
    return new SceneException(Kind.PERMANENT, key, reason, cause);
  }

  /**
   * {@return an error that a retry may fix}
   *
   * @param key object key
   * @param reason one line without the key
   * @param cause what revealed it
   */
  public static SceneException transientError(String key, String reason, Throwable cause) {
    return new SceneException(Kind.TRANSIENT, key, reason, cause);
  }

  /** {@return whether a retry can help} */
  public Kind kind() {
    return kind;
  }

  /** {@return the key of the object at fault} */
  public String key() {
    return key;
  }

  /** {@return what is wrong with the object, without its key} */
  public String reason() {
    return reason;
  }
}

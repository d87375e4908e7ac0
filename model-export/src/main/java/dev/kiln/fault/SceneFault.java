package dev.kiln.fault;

/**
 * One scene cannot be embedded. Thrown at the place that knows; carries the object key and one line
 * that says where in it (band, tile), what was expected and what was found.
 */
public final class SceneFault extends Exception {
  private static final long serialVersionUID = 1L;

  /** Whether trying again can help. */
  public enum Kind {
    /** The object itself is wrong or absent: recorded, and the run goes on. */
    PERMANENT,
    /** The way to it failed: retried, then left for another run. */
    TRANSIENT
  }

  private final Kind kind;
  private final String key;
  private final String reason;

  private SceneFault(Kind kind, String key, String reason, Throwable cause) {
    super(key + ": " + reason, cause);
    this.kind = kind;
    this.key = key;
    this.reason = reason;
  }

  public static SceneFault permanent(String key, String reason) {
    return new SceneFault(Kind.PERMANENT, key, reason, null);
  }

  public static SceneFault permanent(String key, String reason, Throwable cause) {
    return new SceneFault(Kind.PERMANENT, key, reason, cause);
  }

  public static SceneFault transientFault(String key, String reason, Throwable cause) {
    return new SceneFault(Kind.TRANSIENT, key, reason, cause);
  }

  public Kind kind() {
    return kind;
  }

  /** Key of the object that is at fault. */
  public String key() {
    return key;
  }

  /** What is wrong with it, without the key. */
  public String reason() {
    return reason;
  }
}

package dev.kiln.run;

/**
 * A scene that was not embedded.
 *
 * @param key line of the scene list
 * @param kind what may help
 * @param object key of the object at fault
 * @param reason what is wrong with it
 */
public record FailedScene(String key, Kind kind, String object, String reason) {
  /** What may help. */
  public enum Kind {
    /** Nothing but another object. */
    PERMANENT,
    /** Another try. */
    TRANSIENT,
    /** A fix to Kiln. */
    INTERNAL
  }
}

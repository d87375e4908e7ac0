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
  /** The reason, with the object at fault where that is not what the scene list names. */
  String found() {
    return object.equals(key) ? reason : object + ": " + reason;
  }

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

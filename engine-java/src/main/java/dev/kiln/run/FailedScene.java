package dev.kiln.run;

/**
 * A scene that was not embedded.
 *
 * @param key the scene's line in the scene list
 * @param kind what can help
 * @param object key of the object at fault
 * @param reason what is wrong with the object
 */
public record FailedScene(String key, Kind kind, String object, String reason) {
  /** Returns the reason, preceded by the object at fault unless it is the scene itself. */
  String description() {
    return object.equals(key) ? reason : object + ": " + reason;
  }

  /**
   * {@return a reason without paths and numbers, which differ from scene to scene}
   *
   * @param reason message of a failure
   */
  public static String withoutDetails(String reason) {
    return reason
        .replaceAll("\\S*/\\S*[^\\s:;,.)]", "…")
        .replaceAll("\\d[\\d,.]*", "#")
        .replaceAll("\\s+", " ")
        .strip();
  }

  /** What can help. */
  public enum Kind {
    /** Only another object. */
    PERMANENT,
    /** Another attempt. */
    TRANSIENT,
    /** A fix in Kiln. */
    INTERNAL
  }
}

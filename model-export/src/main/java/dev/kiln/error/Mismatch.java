package dev.kiln.error;

/** The one form of messages about a value that is not as required. */
public final class Mismatch {
  private Mismatch() {}

  /**
   * {@return {@code WHERE: expected X, found Y}}
   *
   * @param where the option, file or field at fault
   * @param expected what is required
   * @param found what is there instead
   */
  public static String of(String where, Object expected, Object found) {
    return where + ": " + of(expected, found);
  }

  /**
   * {@return {@code expected X, found Y}}
   *
   * @param expected what is required
   * @param found what is there instead
   */
  public static String of(Object expected, Object found) {
    return "expected " + expected + ", found " + found;
  }

  /**
   * {@return {@code WHERE: expected X, found 'Y'} for text that came from outside}
   *
   * @param where the option, file or field at fault
   * @param expected what is required
   * @param found the text
   */
  public static String ofText(String where, Object expected, String found) {
    return of(where, expected, found == null ? "nothing" : "'" + found + "'");
  }
}

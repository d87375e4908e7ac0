package dev.kiln.error;

/**
 * The run cannot continue as requested: an option, a file or the machine is not as required. The
 * message is one line: what, where, expected, found, and the option or file to change.
 */
public final class ConfigurationException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error without a cause.
   *
   * @param message one line for the user
   */
  public ConfigurationException(String message) {
    super(message, null);
  }

  /**
   * Creates an error with its cause.
   *
   * @param message one line for the user
   * @param cause what revealed it
   */
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.kiln.fault;

/**
 * The run cannot go on as it was asked for: an option, file or machine is not as it must be. The
 * message is one line: what, where, expected, found, and the flag or file to change.
 */
public final class ConfigurationFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigurationFault(String message) {
    super(message);
  }

  public ConfigurationFault(String message, Throwable cause) {
    super(message, cause);
  }
}

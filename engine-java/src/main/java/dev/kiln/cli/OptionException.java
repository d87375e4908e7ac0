package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import java.util.function.Supplier;

/** An option value that cannot be used; ends the command with the exit code of wrong usage. */
final class OptionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error.
   *
   * @param message one line that names the option, what is expected and what was found
   */
  OptionException(String message) {
    super(message);
  }

  private OptionException(ConfigurationException cause) {
    super(cause.getMessage(), cause);
  }

  /**
   * Returns what an option value is parsed to.
   *
   * @throws OptionException if the value is rejected
   */
  static <T> T parse(Supplier<T> parser) {
    try {
      return parser.get();
    } catch (ConfigurationException e) {
      throw new OptionException(e);
    }
  }
}

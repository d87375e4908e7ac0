package dev.kiln.error;

/**
 * Root of the errors that Kiln reports in one line, without a stack trace. Control characters in
 * messages, which may quote text from outside, are escaped. There are three kinds, and each is
 * thrown where its cause is known:
 *
 * <ul>
 *   <li>{@link ConfigurationException}: an option, file or machine setting must change first; the
 *       run stops.
 *   <li>{@link SceneException}: one scene cannot be embedded; it is recorded and the run goes on.
 *   <li>{@link MachineException}: the machine or its connection failed; the run stops and a later
 *       attempt can succeed.
 * </ul>
 */
public abstract sealed class KilnException extends RuntimeException
    permits ConfigurationException, SceneException, MachineException {
  private static final long serialVersionUID = 1L;

  KilnException(String message, Throwable cause) {
    super(Printable.of(message), cause);
  }
}

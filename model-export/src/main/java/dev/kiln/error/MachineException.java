package dev.kiln.error;

/**
 * The machine or its connections failed, not a scene: the run stops, and a later attempt, perhaps
 * on another machine, can succeed.
 */
public final class MachineException extends KilnException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error with its cause.
   *
   * @param message one line for the user
   * @param cause what failed
   */
  public MachineException(String message, Throwable cause) {
    super(message, cause);
  }
}

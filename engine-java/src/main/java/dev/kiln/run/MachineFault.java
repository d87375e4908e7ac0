package dev.kiln.run;

/** The machine, not a scene, is at fault: this run ends, and another try elsewhere may succeed. */
final class MachineFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MachineFault(String message, Throwable cause) {
    super(message, cause);
  }
}

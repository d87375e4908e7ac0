package dev.kiln.selftest;

/** The machine lacks something that a check needs. */
final class SkippedException extends Exception {
  private static final long serialVersionUID = 1L;

  SkippedException(String reason) {
    super(reason);
  }
}

package dev.kiln.selftest;

import java.util.List;

/** The device gives something else than the reference. */
final class MismatchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Measurement> figures;

  /**
   * @param figures that show it
   */
  MismatchException(String reason, List<Measurement> figures) {
    super(reason);
    this.figures = List.copyOf(figures);
  }

  List<Measurement> figures() {
    return figures;
  }
}

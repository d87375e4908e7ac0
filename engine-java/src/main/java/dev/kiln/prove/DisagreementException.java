package dev.kiln.prove;

import java.util.List;

/** The device gives something else than the reference. */
final class DisagreementException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Figure> figures;

  /**
   * @param figures that show it
   */
  DisagreementException(String reason, List<Figure> figures) {
    super(reason);
    this.figures = List.copyOf(figures);
  }

  List<Figure> figures() {
    return figures;
  }
}

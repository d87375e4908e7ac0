package dev.kiln.infer.cpu;

import java.util.HashMap;
import java.util.Map;

/**
 * Products in the implementation that a trial selects. Shapes with few rows, of the last block, are
 * oneDNN's.
 */
final class TrialProducts implements MatrixProducts {
  private static final int FEW_ROWS = 32;

  private final MatrixProducts own;
  private final MatrixProducts oneDnn;
  private final Trial trial;

  /** A trial of both implementations. */
  interface Trial {
    /** Returns whether Kiln's product is correct and faster. */
    boolean ownWins(String name, Shape shape, boolean bias, Epilogue epilogue);
  }

  private record Key(Shape shape, boolean bias, Epilogue epilogue) {}

  /** Returns a trial that runs another one once per shape. */
  static Trial once(Trial trial) {
    Map<Key, Boolean> tried = new HashMap<>();
    return (name, shape, bias, epilogue) ->
        tried.computeIfAbsent(
            new Key(shape, bias, epilogue), key -> trial.ownWins(name, shape, bias, epilogue));
  }

  TrialProducts(MatrixProducts own, MatrixProducts oneDnn, Trial trial) {
    this.own = own;
    this.oneDnn = oneDnn;
    this.trial = trial;
  }

  @Override
  public Product product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    boolean useOwn = shape.rows() >= FEW_ROWS && trial.ownWins(name, shape, bias, epilogue);
    return (useOwn ? own : oneDnn).product(name, shape, bias, epilogue);
  }
}

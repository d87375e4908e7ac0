package dev.kiln.search;

import dev.kiln.dataset.RowRef;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The best rows that were offered: greatest score first, equal scores in the order of the dataset.
 * The result does not depend on the order of the offers. Safe for use by several threads.
 */
final class TopRows {
  /**
   * A row and its score.
   *
   * @param row position in the dataset
   * @param score not NaN
   */
  record Scored(RowRef row, float score) {}

  private static final Comparator<Scored> BEST_FIRST =
      Comparator.comparing(Scored::score, Comparator.reverseOrder()).thenComparing(Scored::row);

  private final int k;
  private final PriorityQueue<Scored> worstFirst;
  private volatile float least = Float.NEGATIVE_INFINITY;

  TopRows(int k) {
    this.k = k;
    this.worstFirst = new PriorityQueue<>(BEST_FIRST.reversed());
  }

  /** Returns whether a score can be among the best. Cheap, for a test before {@link #offer}. */
  boolean accepts(float score) {
    return score >= least;
  }

  synchronized void offer(RowRef row, float score) {
    worstFirst.add(new Scored(row, score));
    if (worstFirst.size() > k) {
      worstFirst.poll();
    }
    if (worstFirst.size() == k) {
      least = worstFirst.peek().score();
    }
  }

  /** Returns the rows, best first. */
  synchronized List<Scored> best() {
    List<Scored> rows = new ArrayList<>(worstFirst);
    rows.sort(BEST_FIRST);
    return rows;
  }
}

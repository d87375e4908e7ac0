package dev.kiln.dataset.merge;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.locationtech.jts.geom.Envelope;

/**
 * Finds chips that show the same place as a preferred one: their centres are closer than a tenth of
 * a chip's edge. Adding all chips first makes the result independent of their order.
 */
final class Duplicates {
  /** Which of several chips of the same place are kept. */
  enum Policy {
    /** All of them. */
    KEEP,
    /** The latest; of the same time, the one with the least cloud and nodata. */
    NEWEST,
    /** The one with the least cloud and nodata; of equal ones, the latest. */
    CLEAREST
  }

  private static final double SAME_PLACE = 0.1;

  /**
   * What decides between chips.
   *
   * @param micros time of acquisition
   * @param covered cloud and nodata together
   * @param id that orders chips that are equal otherwise
   */
  record Rank(long micros, float covered, String id) {
    private static final Comparator<Rank> LATEST = Comparator.comparingLong(r -> -r.micros);
    private static final Comparator<Rank> LEAST_COVERED =
        (a, b) -> Float.compare(a.covered, b.covered);
    private static final Comparator<Rank> BY_ID = Comparator.comparing(Rank::id);
  }

  private record Best(double x, double y, Rank rank) {}

  /** A square of the grid that chips of similar size are filed in. */
  private record Square(int scale, long column, long row) {}

  private final Comparator<Rank> preference;
  private final double shrink;
  private final Map<Square, Best> bests = new HashMap<>();

  /**
   * Creates an empty set.
   *
   * @param area of the cell; its chips have similar proportions
   */
  Duplicates(Policy policy, Envelope area) {
    Comparator<Rank> first = policy == Policy.CLEAREST ? Rank.LEAST_COVERED : Rank.LATEST;
    Comparator<Rank> second = policy == Policy.CLEAREST ? Rank.LATEST : Rank.LEAST_COVERED;
    this.preference = first.thenComparing(second).thenComparing(Rank.BY_ID);
    this.shrink = Math.max(0.01, Math.cos(Math.toRadians(area.centre().getY())));
  }

  /** Adds a chip. */
  void add(Place place, Rank rank) {
    Best best = new Best(place.lon() * shrink, place.lat(), rank);
    int scale = scale(place);
    bests.merge(
        square(scale, best.x(), best.y(), 0, 0),
        best,
        (a, b) -> preference.compare(a.rank(), b.rank()) <= 0 ? a : b);
  }

  /** Returns whether a preferred chip of the same place was added. */
  boolean isDuplicate(Place place, Rank rank) {
    double x = place.lon() * shrink;
    double y = place.lat();
    double near = SAME_PLACE * place.box().getHeight();
    double nearX = Math.min(near, SAME_PLACE * place.box().getWidth() * shrink);
    int own = scale(place);
    for (int scale = own - 1; scale <= own + 1; scale++) {
      for (int i = -1; i <= 1; i++) {
        for (int j = -1; j <= 1; j++) {
          Best best = bests.get(square(scale, x, y, i, j));
          if (best != null
              && preference.compare(best.rank(), rank) < 0
              && Math.abs(best.x() - x) < nearX
              && Math.abs(best.y() - y) < near) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Returns the exponent of the squares' edge, which is at least the distance of duplicates. */
  private static int scale(Place place) {
    return Math.getExponent(SAME_PLACE * place.box().getHeight()) + 1;
  }

  private static Square square(int scale, double x, double y, int right, int up) {
    double edge = Math.scalb(1.0, scale);
    return new Square(scale, (long) Math.floor(x / edge) + right, (long) Math.floor(y / edge) + up);
  }
}

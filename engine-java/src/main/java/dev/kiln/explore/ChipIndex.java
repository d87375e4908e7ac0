package dev.kiln.explore;

import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.index.hprtree.HPRtree;
import org.locationtech.jts.shape.fractal.HilbertCode;

/**
 * Finds chips by place. Parts of outlines are sorted along a Hilbert curve and indexed in blocks,
 * so the index takes 4 bytes per chip and little more. Safe for use by several threads.
 */
final class ChipIndex {
  private static final int BLOCK = 64;
  private static final int LEVEL = 15;

  private final ColoredChips chips;
  private final ChipShapes shapes;
  private final int[] order;
  private final HPRtree blocks = new HPRtree();

  ChipIndex(ColoredChips chips) {
    this.chips = chips;
    this.shapes = chips.shapes();
    long[] keys = new long[shapes.parts()];
    for (int part = 0; part < keys.length; part++) {
      int[] b = shapes.bounds(part);
      int x = (int) (((long) b[0] + b[2]) / 2 >> 31 - LEVEL);
      int y = (int) (((long) b[1] + b[3]) / 2 >> 31 - LEVEL);
      keys[part] = (long) HilbertCode.encode(LEVEL, x, y) << 32 | part;
    }
    Arrays.sort(keys);
    this.order = new int[keys.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = (int) keys[i];
    }
    for (int first = 0; first < order.length; first += BLOCK) {
      Envelope box = new Envelope();
      for (int i = first; i < Math.min(order.length, first + BLOCK); i++) {
        int[] b = shapes.bounds(order[i]);
        box.expandToInclude(b[0], b[1]);
        box.expandToInclude(b[2], b[3]);
      }
      blocks.insert(box, first);
    }
    blocks.build();
  }

  /**
   * Visits the parts whose bounds meet a box, in no particular order.
   *
   * @param box in steps of {@link ChipShapes}
   */
  void visit(Envelope box, IntConsumer part) {
    blocks.query(
        box,
        item -> {
          int first = (Integer) item;
          for (int i = first; i < Math.min(order.length, first + BLOCK); i++) {
            int[] b = shapes.bounds(order[i]);
            if (b[0] <= box.getMaxX()
                && b[2] >= box.getMinX()
                && b[1] <= box.getMaxY()
                && b[3] >= box.getMinY()) {
              part.accept(order[i]);
            }
          }
        });
  }

  /**
   * Returns the chips that contain a point, the latest first.
   *
   * @param x of the point in steps
   * @param y of the point in steps
   * @param most largest number of chips
   */
  List<Integer> at(double x, double y, ChipFilter.Test filter, int most) {
    List<Integer> found = new ArrayList<>();
    visit(
        new Envelope(x, x, y, y),
        part -> {
          int chip = shapes.chip(part);
          if (shapes.contains(part, x, y) && filter.accepts(chip) && !found.contains(chip)) {
            found.add(chip);
          }
        });
    found.sort(
        Comparator.comparingLong((Integer chip) -> -chips.micros(chip)).thenComparing(c -> c));
    return found.size() <= most ? found : found.subList(0, most);
  }
}

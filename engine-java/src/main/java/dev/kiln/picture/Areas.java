package dev.kiln.picture;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Groups of chips that are near each other: chips in the same or in neighbouring cells of a grid of
 * {@value #CELLS} by {@value #CELLS} cells on the {@link Mercator} map. The grid is closed at the
 * antimeridian.
 */
public final class Areas {
  private static final int CELLS = 512;
  private static final int STEP_BITS = 31 - 9; // 2^31 steps in 2^9 cells

  /**
   * An area.
   *
   * @param west western edge in fractions of the world; below 0 or above 1 beyond the antimeridian
   * @param north northern edge in fractions of the world
   * @param east eastern edge
   * @param south southern edge
   * @param chips number of chips
   */
  public record Area(double west, double north, double east, double south, int chips) {}

  private final ChipShapes shapes;
  private final int[] areaOfCell = new int[CELLS * CELLS];
  private final int[] turnOfCell = new int[CELLS * CELLS];
  private final List<Area> areas;

  /** Groups chips. */
  public Areas(ChipShapes shapes) {
    this.shapes = shapes;
    Arrays.fill(areaOfCell, -1);
    boolean[] used = new boolean[CELLS * CELLS];
    for (int part = 0; part < shapes.parts(); part++) {
      used[cell(part)] = true;
    }
    int count = 0;
    for (int cell = 0; cell < used.length; cell++) {
      if (used[cell] && areaOfCell[cell] < 0) {
        spread(cell, count++, used);
      }
    }
    this.areas = measured(count);
  }

  /** Numbers all cells that are connected with a cell. */
  private void spread(int first, int area, boolean[] used) {
    Deque<Integer> open = new ArrayDeque<>(List.of(first));
    areaOfCell[first] = area;
    while (!open.isEmpty()) {
      int cell = open.remove();
      int column = cell % CELLS;
      int row = cell / CELLS;
      for (int y = Math.max(0, row - 1); y <= Math.min(CELLS - 1, row + 1); y++) {
        for (int x = column - 1; x <= column + 1; x++) {
          int next = y * CELLS + Math.floorMod(x, CELLS);
          if (used[next] && areaOfCell[next] < 0) {
            areaOfCell[next] = area;
            turnOfCell[next] = turnOfCell[cell] + Math.floorDiv(x, CELLS);
            open.add(next);
          }
        }
      }
    }
  }

  private List<Area> measured(int count) {
    double[][] bounds = new double[count][];
    int[] chips = new int[count];
    for (int part = 0; part < shapes.parts(); part++) {
      int area = areaOfCell[cell(part)];
      int[] b = shapes.bounds(part);
      double turn = turn(part);
      double[] all = bounds[area];
      if (all == null) {
        all = new double[] {9, 9, -9, -9};
        bounds[area] = all;
      }
      all[0] = Math.min(all[0], (double) b[0] / ChipShapes.WORLD + turn);
      all[1] = Math.min(all[1], (double) b[1] / ChipShapes.WORLD);
      all[2] = Math.max(all[2], (double) b[2] / ChipShapes.WORLD + turn);
      all[3] = Math.max(all[3], (double) b[3] / ChipShapes.WORLD);
      if (part == shapes.firstPart(shapes.chip(part))) {
        chips[area]++;
      }
    }
    List<Area> list = new ArrayList<>();
    for (int a = 0; a < count; a++) {
      // An area around the whole world is as wide as the world.
      double west = bounds[a][2] - bounds[a][0] > 1 ? 0 : bounds[a][0];
      double east = bounds[a][2] - bounds[a][0] > 1 ? 1 : bounds[a][2];
      list.add(new Area(west, bounds[a][1], east, bounds[a][3], chips[a]));
    }
    return List.copyOf(list);
  }

  private int cell(int part) {
    int x = shapes.x(part, 0) >>> STEP_BITS;
    int y = shapes.y(part, 0) >>> STEP_BITS;
    return y * CELLS + x;
  }

  /** Returns all areas, by number. */
  public List<Area> all() {
    return areas;
  }

  /** Returns the numbers of the areas, those with the most chips first. */
  public List<Integer> bySize() {
    List<Integer> order = new ArrayList<>();
    for (int a = 0; a < areas.size(); a++) {
      order.add(a);
    }
    order.sort(Comparator.comparingInt(a -> -areas.get(a).chips()));
    return order;
  }

  /** Returns the number of the area that a part of a chip belongs to. */
  public int of(int part) {
    return areaOfCell[cell(part)];
  }

  /** Returns by how many worlds a part is shifted east, so that its area is in one piece. */
  public int turn(int part) {
    return turnOfCell[cell(part)];
  }
}

package dev.kiln.picture;

import java.util.Arrays;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;

/**
 * Outlines of many chips on the {@link Mercator} map, about 50 bytes each. An outline has one part,
 * or one per side of the antimeridian. Positions are fractions of the world in steps of {@code
 * 1/WORLD}: at most 2 cm.
 *
 * <p>Chips are numbered from 0 in the order in which they are added, parts likewise.
 */
public final class ChipShapes {
  /** Width and height of the world in steps. */
  public static final long WORLD = 1L << 31;

  private static final int MOST_VERTICES = 64;

  private int[] vertices = new int[1 << 12];
  private int[] partStarts = new int[1 << 9];
  private int[] partChips = new int[1 << 9];
  private int[] chipParts = new int[1 << 9];
  private int parts;
  private int chips;

  /** Creates an empty set. */
  public ChipShapes() {}

  /**
   * Adds a chip and returns its number.
   *
   * @param footprint polygon or multipolygon in degrees, longitude first; holes are ignored
   */
  public int add(Geometry footprint) {
    chipParts = grown(chipParts, chips + 2);
    chipParts[chips] = parts;
    for (int i = 0; i < footprint.getNumGeometries(); i++) {
      if (footprint.getGeometryN(i) instanceof Polygon polygon && !polygon.isEmpty()) {
        addPart(polygon.getExteriorRing().getCoordinates());
      }
    }
    chips++;
    chipParts[chips] = parts;
    return chips - 1;
  }

  private void addPart(Coordinate[] ring) {
    // The last point of a ring repeats the first.
    int count = Math.min(MOST_VERTICES, ring.length - 1);
    int start = parts == 0 ? 0 : partStarts[parts];
    vertices = grown(vertices, start + 2 * count);
    partStarts = grown(partStarts, parts + 2);
    partChips = grown(partChips, parts + 1);
    for (int i = 0; i < count; i++) {
      vertices[start + 2 * i] = step(Mercator.x(ring[i].x));
      vertices[start + 2 * i + 1] = step(Mercator.y(ring[i].y));
    }
    partStarts[parts] = start;
    partStarts[parts + 1] = start + 2 * count;
    partChips[parts] = chips;
    parts++;
  }

  private static int step(double fraction) {
    return (int) Math.min(WORLD - 1, Math.max(0, Math.round(fraction * WORLD)));
  }

  private static int[] grown(int[] array, int needed) {
    return needed <= array.length
        ? array
        : Arrays.copyOf(array, Math.max(needed, array.length + (array.length >> 1)));
  }

  /** Returns the number of chips. */
  public int chips() {
    return chips;
  }

  /** Returns the number of parts of all chips. */
  public int parts() {
    return parts;
  }

  /** Returns the first part of a chip; its last is before the first of the next chip. */
  public int firstPart(int chip) {
    return chipParts[chip];
  }

  /** Returns the chip that a part belongs to. */
  public int chip(int part) {
    return partChips[part];
  }

  /** Returns the number of vertices of a part. */
  public int vertices(int part) {
    return (partStarts[part + 1] - partStarts[part]) / 2;
  }

  /** Returns the x of a vertex in steps. */
  public int x(int part, int vertex) {
    return vertices[partStarts[part] + 2 * vertex];
  }

  /** Returns the y of a vertex in steps. */
  public int y(int part, int vertex) {
    return vertices[partStarts[part] + 2 * vertex + 1];
  }

  /**
   * Returns the bounds of a part.
   *
   * @return west, north, east and south in steps
   */
  public int[] bounds(int part) {
    int[] bounds = {Integer.MAX_VALUE, Integer.MAX_VALUE, 0, 0};
    for (int i = partStarts[part]; i < partStarts[part + 1]; i += 2) {
      bounds[0] = Math.min(bounds[0], vertices[i]);
      bounds[1] = Math.min(bounds[1], vertices[i + 1]);
      bounds[2] = Math.max(bounds[2], vertices[i]);
      bounds[3] = Math.max(bounds[3], vertices[i + 1]);
    }
    return bounds;
  }

  /** Returns whether a point, in steps, is inside a part. */
  public boolean contains(int part, double x, double y) {
    boolean inside = false;
    int count = vertices(part);
    for (int i = 0, j = count - 1; i < count; j = i++) {
      double yi = y(part, i);
      double yj = y(part, j);
      if (yi > y != yj > y) {
        double crossing = x(part, j) + (y - yj) / (yi - yj) * (x(part, i) - (double) x(part, j));
        inside ^= x < crossing;
      }
    }
    return inside;
  }
}

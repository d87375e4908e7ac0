package dev.kiln.run;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.chip.Footprint;
import dev.kiln.io.Sha256;
import java.util.Locale;
import org.locationtech.jts.geom.Envelope;

/**
 * The area whose chips are embedded.
 *
 * @param area polygons
 * @param rule which chips belong to it
 */
public record ChipArea(AreaOfInterest area, Rule rule) {
  /** Digits of the hash that identify an area. */
  private static final int DIGITS = 16;

  /** Which chips belong to an area. */
  public enum Rule {
    /** Chips that have a point in common with it. */
    INTERSECTS,
    /** Chips that are inside it as a whole. */
    WITHIN
  }

  /** Returns whether a chip belongs to the area. */
  boolean contains(Footprint chip) {
    return rule == Rule.INTERSECTS ? area.intersects(chip.outline()) : area.covers(chip.outline());
  }

  /**
   * Returns a text that is the same for the same polygons only, for the footers of files: the start
   * of the SHA-256 of the area, and its bounding box in degrees.
   */
  String identity() {
    Envelope box = area.envelope();
    return String.format(
        Locale.ROOT,
        "%s [%.4f, %.4f, %.4f, %.4f]",
        Sha256.hex(area.wkb()).substring(0, DIGITS),
        box.getMinX(),
        box.getMinY(),
        box.getMaxX(),
        box.getMaxY());
  }
}

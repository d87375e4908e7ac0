package dev.kiln.chip;

/**
 * One chip of a scene's grid.
 *
 * @param x column in the chip grid, 0 at the left
 * @param y row in the chip grid, 0 at the top
 * @param cloud share of cloudy pixels, 0 to 1
 * @param nodata share of pixels without data, 0 to 1
 * @param footprint corners on the ground
 */
public record Chip(int x, int y, float cloud, float nodata, Footprint footprint) {

  /** The same chip with another share of pixels without data. */
  public Chip withNodata(float share) {
    return new Chip(x, y, cloud, share, footprint);
  }
}

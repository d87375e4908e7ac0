package dev.kiln.chip;

/**
 * A chip of a scene's grid.
 *
 * @param x column in the chip grid, 0 at the left
 * @param y row in the chip grid, 0 at the top
 * @param cloud share of cloudy pixels, 0 to 1
 * @param nodata share of pixels without data, 0 to 1
 * @param footprint outline on the Earth
 */
public record Chip(int x, int y, float cloud, float nodata, Footprint footprint) {

  /**
   * {@return a copy with another share of pixels without data}
   *
   * @param share fraction of pixels without data, 0 to 1
   */
  public Chip withNodata(float share) {
    return new Chip(x, y, cloud, share, footprint);
  }
}

package dev.kiln.archive;

import java.util.OptionalInt;

/**
 * The classification band that selects the chips of a scene to fetch.
 *
 * @param band its file
 * @param classes the meaning of its values
 * @param gridWidth pixels per line of the scene's finest band, if the metadata states it; the mask
 *     may be coarser
 */
public record Mask(BandAsset band, PixelClasses classes, OptionalInt gridWidth) {
  /**
   * {@return the mask of bands of a known width}
   *
   * @param width pixels per line of the finest band
   */
  public Mask withGridWidth(int width) {
    return new Mask(band, classes, OptionalInt.of(width));
  }
}

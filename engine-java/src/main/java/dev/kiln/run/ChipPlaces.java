package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.chip.LocationOrder;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.locationtech.jts.geom.Point;

/** Computes footprint and location of a scene's chips, strip by strip. */
final class ChipPlaces {
  private final SceneRaster raster;
  private final ChipSelection selection;
  private final LocationOrder order;
  private long offEarth;

  /**
   * Creates a locator.
   *
   * @param raster borrowed
   * @param selection chips that are wanted
   */
  ChipPlaces(SceneRaster raster, ChipSelection selection, LocationOrder order) {
    this.raster = raster;
    this.selection = selection;
    this.order = order;
  }

  /**
   * A chip and the encoding of its location.
   *
   * @param chip with the shares of cloud and nodata that the mask tells
   */
  record Place(Chip chip, float[] location) {}

  /** Returns the wanted chips of a strip that are on the Earth, in grid order. */
  List<Place> in(StripWindow window) {
    List<Place> places = new ArrayList<>();
    for (int chipIndex : selection.grid().chips(window, selection.surviving())) {
      Optional<Place> place = place(chipIndex);
      place.ifPresent(places::add);
      offEarth += place.isEmpty() ? 1 : 0;
    }
    return places;
  }

  private Optional<Place> place(int gridIndex) {
    int left = selection.grid().left(gridIndex);
    int top = selection.grid().top(gridIndex);
    int chipSize = selection.grid().chipSize();
    return raster
        .corners(left, top, chipSize)
        .map(
            corners -> {
              Footprint footprint = new Footprint(corners[0], corners[1]);
              Point centre = footprint.centroid();
              Chip chip =
                  new Chip(
                      left / chipSize,
                      top / chipSize,
                      (float) selection.shares().cloud(gridIndex),
                      (float) selection.shares().nodata(gridIndex),
                      footprint);
              return new Place(chip, order.encode(centre.getY(), centre.getX()));
            });
  }

  /** Returns how many of the chips so far are not on the Earth. */
  long offEarth() {
    return offEarth;
  }
}

package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.chip.LocationOrder;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.Arrays;
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
   * @param chip with the shares of cloud and nodata by the mask
   */
  record Place(Chip chip, float[] location) {}

  /** Returns the wanted chips of a strip that are on the Earth, in grid order. */
  List<Place> in(StripWindow window) {
    int[] chips = selection.grid().chips(window, selection.surviving());
    List<Optional<Footprint>> footprints = footprints(raster, selection.grid(), chips);
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < chips.length; i++) {
      if (footprints.get(i).isPresent()) {
        places.add(place(chips[i], footprints.get(i).get()));
      } else {
        offEarth++;
      }
    }
    return places;
  }

  private Place place(int chipIndex, Footprint footprint) {
    Point centre = footprint.centroid();
    Chip chip =
        new Chip(
            chipIndex % selection.grid().columns(),
            chipIndex / selection.grid().columns(),
            (float) selection.shares().cloud(chipIndex),
            (float) selection.shares().nodata(chipIndex),
            footprint);
    return new Place(chip, order.encode(centre.getY(), centre.getX()));
  }

  /**
   * Returns the outlines of chips.
   *
   * @param raster file on the scene's grid; only its georeferencing is read
   * @param chips grid indices
   * @return one per chip; empty for a chip that is not on the Earth
   */
  static List<Optional<Footprint>> footprints(SceneRaster raster, ChipGrid grid, int[] chips) {
    return raster
        .corners(
            Arrays.stream(chips).map(grid::left).toArray(),
            Arrays.stream(chips).map(grid::top).toArray(),
            grid.chipSize())
        .stream()
        .map(corners -> corners.map(lonLat -> new Footprint(lonLat[0], lonLat[1])))
        .toList();
  }

  /** Returns how many of the chips so far are not on the Earth. */
  long offEarth() {
    return offEarth;
  }
}

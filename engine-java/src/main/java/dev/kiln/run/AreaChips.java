package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.chip.Footprint;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.SparseObject;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.SceneRaster;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Finds the chips of scenes that are in an area, from the headers of files alone. */
final class AreaChips {
  private AreaChips() {}

  /**
   * Returns the grid indices of the chips that are in an area; all chips without one.
   *
   * @param raster file on the scene's grid; only its georeferencing is read
   */
  static BitSet in(Optional<ChipArea> area, SceneRaster raster, ChipGrid grid) {
    if (area.isEmpty()) {
      return grid.all();
    }
    BitSet inside = new BitSet(grid.size());
    for (int row = 0; row < grid.rows(); row++) {
      int[] chips = IntStream.range(row * grid.columns(), (row + 1) * grid.columns()).toArray();
      List<Optional<Footprint>> footprints = ChipPlaces.footprints(raster, grid, chips);
      for (int i = 0; i < chips.length; i++) {
        // A chip off the Earth is in no area.
        inside.set(chips[i], footprints.get(i).filter(area.get()::contains).isPresent());
      }
    }
    return inside;
  }

  /**
   * Selects the chips of a scene without a mask.
   *
   * @param names names of the objects
   * @param objects objects that hold the scene's bands, whose directories have been read; borrowed
   * @param options with an area
   * @throws SceneException permanent if the files do not fit together
   */
  static ChipSelection select(
      Scene scene, List<String> names, List<SparseObject> objects, ChipOptions options)
      throws SceneException {
    Map<String, CogFile> files = new LinkedHashMap<>();
    try {
      for (int i = 0; i < names.size(); i++) {
        String name = names.get(i);
        files.put(name, ImageAndSidecars.open(name, Map.of(name, objects.get(i)), 1));
      }
      try (SceneRaster raster = SceneRasters.of(scene, files)) {
        return ChipSelection.all(raster, options);
      }
    } finally {
      files.values().forEach(CogFile::close);
    }
  }
}

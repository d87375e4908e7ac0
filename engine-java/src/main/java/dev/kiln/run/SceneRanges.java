package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogLayout;
import dev.kiln.raster.FileBytes;
import dev.kiln.raster.StripStep;
import dev.kiln.raster.StripWindow;
import dev.kiln.raster.TiffDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Computes which byte ranges of a scene's objects hold the pixels that are read. */
final class SceneRanges {
  private SceneRanges() {}

  /** Returns the ranges of an object's full-resolution image, without overviews. */
  static RangePlan ofImage(ObjectStore source, String name, SparseObject object)
      throws SceneException, InterruptedException {
    CogLayout layout = layout(source, name, object);
    return object.plan(layout.tiles(IntStream.rangeClosed(1, layout.bands()).toArray()));
  }

  /**
   * Returns the ranges of the tiles that the strips of a scene's chips touch, one plan per object.
   *
   * @param source store of the objects
   * @param names names of the objects
   * @param objects objects that hold the scene's bands
   * @param selection chips that are wanted; empty for all
   * @param chipSize edge of a chip in pixels
   */
  static List<RangePlan> ofChips(
      ObjectStore source,
      Scene scene,
      List<String> names,
      List<SparseObject> objects,
      Optional<ChipSelection> selection,
      int chipSize)
      throws SceneException, InterruptedException {
    List<CogLayout> layouts = new ArrayList<>();
    for (int i = 0; i < objects.size(); i++) {
      layouts.add(layout(source, names.get(i), objects.get(i)));
    }
    if (objects.isEmpty()) {
      return List.of();
    }
    int width = layouts.stream().mapToInt(CogLayout::width).max().orElseThrow();
    int height = layouts.stream().mapToInt(CogLayout::height).max().orElseThrow();
    ChipGrid grid =
        selection.isPresent()
            ? selection.get().grid()
            : ChipSelection.grid(scene.sceneKey(), width, height, chipSize);
    BitSet wanted = selection.map(ChipSelection::surviving).orElse(grid.all());
    List<StripWindow> windows = strips(grid, width, layouts, wanted);
    List<RangePlan> plans = new ArrayList<>();
    for (int i = 0; i < objects.size(); i++) {
      SparseObject object = objects.get(i);
      String name = names.get(i);
      CogLayout layout = layouts.get(i);
      int[] bands =
          scene.bands().stream()
              .filter(band -> band.object().name().equals(name))
              .mapToInt(BandAsset::index)
              // A missing band is reported when it is read.
              .filter(band -> band <= layout.bands())
              .toArray();
      plans.add(object.plan(layout.tiles(windows, width / layout.width(), bands)));
    }
    return plans;
  }

  private static List<StripWindow> strips(
      ChipGrid grid, int width, List<CogLayout> layouts, BitSet wanted) {
    StripStep step =
        StripStep.of(
            width,
            layouts.stream()
                .map(layout -> new StripStep.Tiles(layout.width(), layout.tileHeight()))
                .toList());
    return grid.strips(step.tileHeight(), step.rowStep(), wanted);
  }

  /** Reads what an image file tells about itself; requests only its header. */
  static TiffDescription description(ObjectStore source, String name, SparseObject object)
      throws SceneException, InterruptedException {
    return TiffDescription.read(name, object.size(), bytes(source, name, object));
  }

  private static FileBytes bytes(ObjectStore source, String name, SparseObject object) {
    return (offset, length) -> {
      try {
        return object.bytes(offset, length);
      } catch (IOException e) {
        throw StoreErrors.of(source, List.of(name), e);
      }
    };
  }

  private static CogLayout layout(ObjectStore source, String name, SparseObject object)
      throws SceneException, InterruptedException {
    return CogLayout.read(name, object.size(), bytes(source, name, object));
  }
}

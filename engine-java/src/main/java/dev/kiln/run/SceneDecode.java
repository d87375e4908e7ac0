package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.fault.SceneFault;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.locationtech.jts.geom.Point;

/** Opens fetched scenes and reads their strips. */
final class SceneDecode {
  private final ChipOptions options;
  private final int dim;
  private final int inflateThreads;

  /**
   * @param dim length of an embedding
   * @param inflateThreads threads that inflate the tiles of one scene
   */
  SceneDecode(ChipOptions options, int dim, int inflateThreads) {
    this.options = options;
    this.dim = dim;
    this.inflateThreads = inflateThreads;
  }

  /**
   * Opens a scene and lays out its chips.
   *
   * @param fetched borrowed; must outlive what is returned
   */
  DecodingScene open(FetchedScene fetched) throws SceneFault {
    Scene scene = fetched.scene();
    Map<String, CogFile> files = new LinkedHashMap<>();
    try {
      for (String asset : scene.assets()) {
        files.put(asset, CogFile.open(asset, fetched.assets().get(asset), inflateThreads));
      }
      List<SceneRaster.Source> sources = new ArrayList<>();
      for (BandAsset band : scene.bands()) {
        CogFile file = files.get(band.object().key());
        expect(scene, file);
        sources.add(new SceneRaster.Source(band.band(), file, band.index()));
      }
      SceneRaster raster = SceneRaster.of(scene.key(), sources);
      ChipGrid grid = ChipGrid.of(raster.width(), raster.height(), options.chip());
      if (grid.size() == 0) {
        throw SceneFault.permanent(
            scene.key(),
            "scene is %d × %d px, smaller than one chip of %d px"
                .formatted(raster.width(), raster.height(), options.chip()));
      }
      BitSet surviving = new BitSet();
      surviving.set(0, grid.size());
      OpenScene open = lay(scene, raster, grid, surviving);
      List<StripWindow> windows = grid.strips(raster.tileHeight(), surviving);
      return new DecodingScene(open, raster, grid, windows, surviving, List.copyOf(files.values()));
    } catch (SceneFault | RuntimeException | Error e) {
      files.values().forEach(CogFile::close);
      throw e;
    }
  }

  private static void expect(Scene scene, CogFile file) throws SceneFault {
    if (scene.pixelType().isPresent() && file.type() != scene.pixelType().get()) {
      throw SceneFault.permanent(
          file.key(),
          "pixels of type %s expected, found %s".formatted(scene.pixelType().get(), file.type()));
    }
  }

  private OpenScene lay(Scene scene, SceneRaster raster, ChipGrid grid, BitSet surviving)
      throws SceneFault {
    List<Chip> chips = new ArrayList<>();
    List<float[]> locations = new ArrayList<>();
    for (int i = surviving.nextSetBit(0); i >= 0; i = surviving.nextSetBit(i + 1)) {
      int x = i % grid.columns();
      int y = i / grid.columns();
      double[][] corners = raster.corners(x * grid.chip(), y * grid.chip(), grid.chip());
      Footprint footprint = new Footprint(corners[0], corners[1]);
      Point centre = footprint.centroid();
      chips.add(new Chip(x, y, 0, 0, footprint));
      locations.add(options.locationOrder().encode(centre.getY(), centre.getX()));
    }
    return new OpenScene(scene, chips, TimeEncoding.of(scene.datetime()), locations, dim);
  }
}

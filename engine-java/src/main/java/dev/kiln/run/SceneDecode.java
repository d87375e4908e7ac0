package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.error.SceneException;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.NodataValues;
import dev.kiln.raster.SceneRaster;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.locationtech.jts.geom.Point;

/** Opens fetched scenes and locates their chips. */
final class SceneDecode {
  private final ChipOptions options;
  private final int dim;
  private final int inflateThreads;

  /**
   * Creates a decoder.
   *
   * @param dim length of an embedding
   * @param inflateThreads threads that inflate the tiles of one scene
   */
  SceneDecode(ChipOptions options, int dim, int inflateThreads) {
    this.options = options;
    this.dim = dim;
    this.inflateThreads = inflateThreads;
  }

  /**
   * Opens a scene and locates its chips.
   *
   * @param fetched borrowed; must outlive the result
   * @throws SceneException permanent if the scene cannot be decoded
   */
  DecodingScene open(FetchedScene fetched) throws SceneException {
    Scene scene = fetched.scene();
    if (fetched.isMasked()) {
      ChipSelection none = fetched.selection().orElseThrow();
      return new DecodingScene(
          new SceneAssembly(
              scene,
              fetched.outputKey(),
              List.of(),
              TimeEncoding.of(scene.datetime()),
              List.of(),
              dim),
          Optional.empty(),
          none.grid(),
          none.surviving(),
          Optional.empty(),
          options,
          List.of());
    }
    Map<String, CogFile> files = new LinkedHashMap<>();
    try {
      for (String asset : scene.assets()) {
        files.put(asset, CogFile.open(asset, fetched.assets().get(asset).buffer(), inflateThreads));
      }
      return open(fetched, files);
    } catch (RuntimeException | Error e) {
      files.values().forEach(CogFile::close);
      throw e;
    }
  }

  private DecodingScene open(FetchedScene fetched, Map<String, CogFile> files)
      throws SceneException {
    Scene scene = fetched.scene();
    List<SceneRaster.Source> sources = new ArrayList<>();
    List<OptionalDouble> nodata = new ArrayList<>();
    for (BandAsset band : scene.bands()) {
      CogFile file = files.get(band.object().key());
      expect(scene, file);
      sources.add(new SceneRaster.Source(band.band(), file, band.index()));
    }
    SceneRaster raster = SceneRaster.of(sources);
    try {
      for (BandAsset band : scene.bands()) {
        CogFile file = files.get(band.object().key());
        nodata.add(band.nodata().isPresent() ? band.nodata() : file.nodata(band.index()));
      }
      ChipSelection selection =
          fetched.selection().isPresent()
              ? fetched.selection().get()
              : ChipSelection.all(raster, options.chipSize());
      selection.requireFits(raster);
      BitSet chips = (BitSet) selection.surviving().clone();
      SceneAssembly open = locate(fetched, raster, selection, chips);
      return new DecodingScene(
          open,
          Optional.of(raster),
          selection.grid(),
          chips,
          scene.nodataByValue() ? Optional.of(new NodataValues(nodata)) : Optional.empty(),
          options,
          List.copyOf(files.values()));
    } catch (RuntimeException | Error e) {
      raster.close();
      throw e;
    }
  }

  private static void expect(Scene scene, CogFile file) throws SceneException {
    if (scene.pixelType().isPresent() && file.type() != scene.pixelType().get()) {
      throw SceneException.permanent(
          file.objectKey(),
          "pixel type: expected %s, found %s".formatted(scene.pixelType().get(), file.type()));
    }
  }

  /**
   * Computes footprint and location of each chip.
   *
   * @param surviving grid indices of the chips that are wanted; those off the Earth are removed
   */
  private SceneAssembly locate(
      FetchedScene fetched, SceneRaster raster, ChipSelection selection, BitSet surviving)
      throws SceneException {
    Scene scene = fetched.scene();
    ChipGrid grid = selection.grid();
    List<Chip> chips = new ArrayList<>();
    List<float[]> locations = new ArrayList<>();
    for (int i = surviving.nextSetBit(0); i >= 0; i = surviving.nextSetBit(i + 1)) {
      Optional<double[][]> corners = raster.corners(grid.left(i), grid.top(i), grid.chipSize());
      if (corners.isEmpty()) {
        surviving.clear(i);
        continue;
      }
      Footprint footprint = new Footprint(corners.get()[0], corners.get()[1]);
      Point centre = footprint.centroid();
      chips.add(
          new Chip(
              i % grid.columns(),
              i / grid.columns(),
              (float) selection.shares().cloud(i),
              (float) selection.shares().nodata(i),
              footprint));
      locations.add(options.locationOrder().encode(centre.getY(), centre.getX()));
    }
    if (chips.isEmpty()) {
      throw SceneException.permanent(raster.objectKey(), "no chip of the scene is on the Earth");
    }
    return new SceneAssembly(
        scene, fetched.outputKey(), chips, TimeEncoding.of(scene.datetime()), locations, dim);
  }
}

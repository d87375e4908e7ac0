package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.MosaicPiece;
import dev.kiln.archive.Scene;
import dev.kiln.archive.StatedGrid;
import dev.kiln.error.SceneException;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.MosaicGrid;
import dev.kiln.raster.PlacedFile;
import dev.kiln.raster.SceneRaster;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Puts the rasters of scenes together from their open files. */
final class SceneRasters {
  private SceneRasters() {}

  /**
   * Returns the raster of a scene.
   *
   * @param files by name; borrowed
   * @return owned by the caller
   * @throws SceneException permanent if the files do not fit together
   */
  static SceneRaster of(Scene scene, Map<String, CogFile> files) throws SceneException {
    if (scene.pieces().isEmpty()) {
      List<SceneRaster.Source> sources = new ArrayList<>();
      for (BandAsset band : scene.bands()) {
        sources.add(
            new SceneRaster.Source(band.band(), files.get(band.object().name()), band.index()));
      }
      return SceneRaster.of(sources);
    }
    List<PlacedFile> parts = new ArrayList<>();
    for (MosaicPiece piece : scene.pieces()) {
      CogFile file = files.get(piece.object().name());
      parts.add(
          new PlacedFile(
              scene.bands().stream()
                  .map(band -> new SceneRaster.Source(band.band(), file, band.index()))
                  .toList(),
              piece.x(),
              piece.y(),
              piece.width(),
              piece.height(),
              piece.left(),
              piece.top(),
              piece.masked(),
              piece.nodata()));
    }
    StatedGrid grid = scene.grid().orElseThrow();
    return SceneRaster.mosaic(
        parts,
        new MosaicGrid(
            scene.sceneKey(),
            grid.width(),
            grid.height(),
            grid.geotransform().orElseThrow(),
            grid.crs(),
            scene.bands().stream().map(BandAsset::nodata).toList()));
  }

  /** Returns the files that have a band of a scene, each once. */
  static List<CogFile> files(Scene scene, BandAsset band, Map<String, CogFile> files) {
    return scene.pieces().isEmpty()
        ? List.of(files.get(band.object().name()))
        : scene.assets().stream().map(files::get).toList();
  }
}

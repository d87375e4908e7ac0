package dev.kiln.run;

import dev.kiln.chip.Chip;
import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.Strip;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.MissingPixels;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A scene whose strips are being read. Owns the open files, not their bytes.
 *
 * @param scene receives the embeddings; outlives this
 * @param raster its bands; empty if no chip is wanted
 * @param grid chip grid
 * @param surviving grid indices of the scene's chips, in the same order
 * @param values reads the strips; empty if no chip is wanted
 * @param places locates the chips; empty if no chip is wanted
 * @param known chips that are left out whatever their pixels are
 * @param tally counts what is found while reading
 * @param options which chips are embedded
 * @param files open files, owned
 */
record DecodingScene(
    SceneAssembly scene,
    Optional<SceneRaster> raster,
    ChipGrid grid,
    BitSet surviving,
    Optional<SceneValues> values,
    Optional<ChipPlaces> places,
    ChipsLeftOut known,
    Tally tally,
    ChipOptions options,
    List<CogFile> files)
    implements AutoCloseable {

  /** Counts of what is found while strips are read. */
  static final class Tally {
    private long nodata;
  }

  /**
   * Reads one strip and finds the scene's chips in it.
   *
   * @param section strips whose bytes are in memory
   * @param memory lends the memory of the strip
   * @return the strip; empty if none of its chips is on the Earth
   */
  Optional<StripWork> read(StripWindow window, List<StripWindow> section, BufferPool memory)
      throws SceneException {
    List<ChipPlaces.Place> located = places.orElseThrow().in(window);
    if (located.isEmpty()) {
      return Optional.empty();
    }
    SceneValues.Prepared prepared =
        values.orElseThrow().read(raster.orElseThrow(), window, section, memory);
    Strip strip = prepared.strip();
    try {
      List<Chip> chips = new ArrayList<>();
      List<float[]> locations = new ArrayList<>();
      for (ChipPlaces.Place place : located) {
        Optional<Chip> kept = kept(place.chip(), prepared.missing());
        if (kept.isPresent()) {
          chips.add(kept.get());
          locations.add(place.location());
        } else {
          tally.nodata++;
        }
      }
      return Optional.of(
          new StripWork(scene, strip, window, grid, new StripRows(chips, locations, scene.dim())));
    } catch (RuntimeException | Error e) {
      strip.close();
      throw e;
    }
  }

  /** Returns the chip with its share of nodata; empty if that is too large. */
  private Optional<Chip> kept(Chip chip, MissingPixels missing) {
    double share = missing.share(grid.columnLeft(chip.x()), grid.rowTop(chip.y()), grid.chipSize());
    if (share > options.maxNodata()) {
      return Optional.empty();
    }
    return Optional.of(share > chip.nodata() ? chip.withNodata((float) share) : chip);
  }

  /** Returns the chips that were not embedded, once all strips have been read. */
  ChipsLeftOut leftOut() {
    return known.plusNodata(tally.nodata).plusOffEarth(places.map(ChipPlaces::offEarth).orElse(0L));
  }

  /**
   * Checks what can be known only when all strips have been read.
   *
   * @throws SceneException permanent if the scene has chips, and none is on the Earth
   */
  void requireChips() throws SceneException {
    if (places.isPresent()
        && !surviving.isEmpty()
        && places.get().offEarth() == surviving.cardinality()) {
      throw SceneException.permanent(
          raster.orElseThrow().objectKey(),
          "expected chips on the Earth, found none of %d: check the file's CRS and geotransform"
              .formatted(surviving.cardinality()));
    }
  }

  @Override
  public void close() {
    raster.ifPresent(SceneRaster::close);
    files.forEach(CogFile::close);
  }
}

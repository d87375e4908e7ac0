package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.MosaicPiece;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.memory.ByteRange;
import dev.kiln.platform.Platform;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogLayout;
import dev.kiln.raster.FileBytes;
import dev.kiln.raster.StripStep;
import dev.kiln.raster.StripWindow;
import dev.kiln.raster.TiffDescription;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is read of a scene: its chips, the strips that contain them, and the bytes of these strips
 * in sections, of which two are in memory at a time. Most scenes have one section.
 *
 * <p>Chips in tiles that were never written have no pixel with data; they are left out without
 * being read.
 */
final class ScenePlan {
  /** Tiles in a section, at most: their ranges are on the heap. */
  private static final long MOST_TILES = 1 << 16;

  /**
   * Limits of a plan.
   *
   * @param stripBytes bytes of a decoded strip
   * @param sceneBytes larger scenes are fetched in sections
   * @param sectionBytes bytes of a section; one strip can have more
   */
  record Limits(long stripBytes, long sceneBytes, long sectionBytes) {
    private static final long MOST_SCENE_BYTES = 512 << 20;
    private static final long MOST_SECTION_BYTES = 128 << 20;

    /**
     * Returns the limits of a run: no scene holds more than half of the fetch memory, nor more than
     * an ordinary scene does.
     */
    static Limits of(Platform platform, long fetchMemory) {
      return new Limits(
          SceneArchive.maxStripBytes(platform),
          Math.min(fetchMemory / 2, MOST_SCENE_BYTES),
          Math.min(fetchMemory / 4, MOST_SECTION_BYTES));
    }
  }

  /** A mosaic has three strips in memory: its own, that of a part, and validity. */
  private static final int STRIPS_OF_MOSAIC = 3;

  /**
   * One object of the scene and the bands that are read of it; of a mosaic, its pieces.
   *
   * @param masked layout of the image that this object masks; empty if it is an image
   */
  private record Asset(
      SparseObject object,
      CogLayout layout,
      int[] bands,
      int repeat,
      List<MosaicPiece> pieces,
      Optional<CogLayout> masked) {

    boolean isImage() {
      return masked.isEmpty();
    }

    /** Returns the tiles that windows of the scene's grid intersect. */
    List<ByteRange> tiles(List<StripWindow> windows) {
      if (pieces.isEmpty()) {
        return tiles(windows, repeat);
      }
      Set<ByteRange> tiles = new LinkedHashSet<>();
      for (MosaicPiece p : pieces) {
        List<StripWindow> inside =
            windows.stream()
                .flatMap(
                    window ->
                        window
                            .inside(p.left(), p.top(), p.width(), p.height(), p.x(), p.y())
                            .stream())
                .toList();
        if (!inside.isEmpty()) {
          tiles.addAll(tiles(inside, 1));
        }
      }
      return List.copyOf(tiles);
    }

    private List<ByteRange> tiles(List<StripWindow> windows, int pixels) {
      return isImage()
          ? layout.tiles(windows, pixels, bands)
          : masked.get().maskTiles(layout, windows, pixels);
    }

    /** Returns whether all tiles that a chip touches were never written. */
    boolean isUnwritten(int x, int y, int chipSize) {
      return pieces.isEmpty()
          ? layout.isUnwritten(x, y, chipSize, repeat, bands)
          : tiles(List.of(StripWindow.square(x, y, chipSize))).isEmpty();
    }
  }

  private final ChipGrid grid;
  private final BitSet surviving;
  private final long unwritten;
  private final List<Asset> assets = new ArrayList<>();
  private final List<List<StripWindow>> sections;
  private final List<List<ByteRange>> directories = new ArrayList<>();

  /**
   * Plans a scene.
   *
   * @param source store of the objects
   * @param names names of the objects
   * @param objects objects that hold the scene's bands, at least one, and masks beside them;
   *     borrowed
   * @param selection chips that are wanted; empty for all
   * @throws SceneException permanent if an object is not a GeoTIFF or its directories are corrupt
   */
  ScenePlan(
      ObjectStore source,
      Scene scene,
      List<String> names,
      List<SparseObject> objects,
      Optional<ChipSelection> selection,
      ChipOptions options,
      Limits limits)
      throws SceneException, InterruptedException {
    List<CogLayout> layouts = new ArrayList<>();
    for (int i = 0; i < objects.size(); i++) {
      layouts.add(layout(source, names.get(i), objects.get(i)));
      directories.add(objects.get(i).heldRanges());
    }
    boolean mosaic = !scene.pieces().isEmpty();
    int width =
        mosaic
            ? scene.grid().orElseThrow().width()
            : layouts.stream().mapToInt(CogLayout::width).max().orElseThrow();
    int height =
        mosaic
            ? scene.grid().orElseThrow().height()
            : layouts.stream().mapToInt(CogLayout::height).max().orElseThrow();
    for (int i = 0; i < objects.size(); i++) {
      CogLayout layout = layouts.get(i);
      String name = names.get(i);
      int image = maskedBy(name, names);
      String imageName = image < 0 ? name : names.get(image);
      if (image >= 0) {
        requireSameSize(name, layout, layouts.get(image));
      }
      assets.add(
          new Asset(
              objects.get(i),
              layout,
              bands(scene, name, layout),
              mosaic ? 1 : width / layout.width(),
              scene.pieces().stream().filter(p -> p.object().name().equals(imageName)).toList(),
              image < 0 ? Optional.empty() : Optional.of(layouts.get(image))));
    }
    this.grid =
        selection.isPresent()
            ? selection.get().grid()
            : ChipSelection.grid(scene.sceneKey(), width, height, options.layout());
    BitSet wanted = selection.map(ChipSelection::surviving).orElseGet(grid::all);
    this.surviving = options.maxNodata() < 1 ? written(wanted) : wanted;
    this.unwritten = wanted.cardinality() - surviving.cardinality();
    this.sections = sections(grid.strips(cut(width, limits.stripBytes()), surviving), limits);
  }

  /** Returns the position of the image that a file beside it masks; -1 if it is an image itself. */
  private static int maskedBy(String name, List<String> names) {
    for (int i = 0; i < names.size(); i++) {
      if (ImageAndSidecars.maskOf(names.get(i)).equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private static void requireSameSize(String name, CogLayout mask, CogLayout image)
      throws SceneException {
    if (mask.width() != image.width() || mask.height() != image.height()) {
      throw SceneException.permanent(
          name,
          "expected a mask of %d × %d px, as its image, found %d × %d px: write or delete it"
              .formatted(image.width(), image.height(), mask.width(), mask.height()));
    }
  }

  private static int[] bands(Scene scene, String name, CogLayout layout) {
    return scene.bands().stream()
        .filter(band -> !scene.pieces().isEmpty() || band.object().name().equals(name))
        .mapToInt(BandAsset::index)
        // A missing band is reported when it is read.
        .filter(band -> band <= layout.bands())
        .toArray();
  }

  /** Returns the chips that touch a written tile of at least one band. */
  private BitSet written(BitSet wanted) {
    BitSet written = new BitSet(grid.size());
    for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
      int x = grid.left(i);
      int y = grid.top(i);
      written.set(
          i,
          assets.stream()
              .anyMatch(asset -> asset.isImage() && !asset.isUnwritten(x, y, grid.chipSize())));
    }
    return written;
  }

  private StripStep cut(int width, long stripBytes) {
    boolean mosaic = assets.stream().anyMatch(asset -> !asset.pieces.isEmpty());
    List<StripStep.Tiles> tiles =
        assets.stream()
            .filter(Asset::isImage)
            .map(
                asset ->
                    new StripStep.Tiles(
                        mosaic ? width : asset.layout.width(),
                        asset.layout.tileWidth(),
                        asset.layout.tileHeight(),
                        Math.max(1, asset.bands.length * asset.layout.bits() / 8)))
            .toList();
    return mosaic
        ? StripStep.of(width, List.of(largest(tiles)), stripBytes / STRIPS_OF_MOSAIC)
        : StripStep.of(width, tiles, stripBytes);
  }

  /** Returns tiles that are as large as the largest of a mosaic. */
  private static StripStep.Tiles largest(List<StripStep.Tiles> tiles) {
    return tiles.stream()
        .reduce(
            (a, b) ->
                new StripStep.Tiles(
                    a.width(),
                    Math.max(a.tileWidth(), b.tileWidth()),
                    Math.max(a.tileHeight(), b.tileHeight()),
                    Math.max(a.pixelBytes(), b.pixelBytes())))
        .orElseThrow();
  }

  private List<List<StripWindow>> sections(List<StripWindow> windows, Limits limits) {
    List<Long> bytes = new ArrayList<>();
    List<Integer> tiles = new ArrayList<>();
    for (StripWindow window : windows) {
      List<ByteRange> ranges = new ArrayList<>();
      assets.forEach(asset -> ranges.addAll(ranges(asset, List.of(window))));
      bytes.add(ranges.stream().mapToLong(ByteRange::length).sum());
      tiles.add(ranges.size());
    }
    boolean whole =
        bytes.stream().mapToLong(Long::longValue).sum() <= limits.sceneBytes()
            && tiles.stream().mapToLong(Integer::longValue).sum() <= MOST_TILES;
    if (whole) {
      return List.of(windows);
    }
    List<List<StripWindow>> cut = new ArrayList<>();
    List<StripWindow> section = new ArrayList<>();
    long sectionBytes = 0;
    long sectionTiles = 0;
    for (int i = 0; i < windows.size(); i++) {
      if (!section.isEmpty()
          && (sectionBytes + bytes.get(i) > limits.sectionBytes()
              || sectionTiles + tiles.get(i) > MOST_TILES)) {
        cut.add(List.copyOf(section));
        section.clear();
        sectionBytes = 0;
        sectionTiles = 0;
      }
      section.add(windows.get(i));
      sectionBytes += bytes.get(i);
      sectionTiles += tiles.get(i);
    }
    cut.add(List.copyOf(section));
    return cut;
  }

  private static List<ByteRange> ranges(Asset asset, List<StripWindow> windows) {
    return asset.tiles(windows);
  }

  /** Returns the chip grid. */
  ChipGrid grid() {
    return grid;
  }

  /** Returns the indices of the chips to read. */
  BitSet surviving() {
    return surviving;
  }

  /**
   * Returns how many wanted chips have no pixel with data, because their tiles were not written.
   */
  long unwritten() {
    return unwritten;
  }

  /** Returns the strips of each section, top first; at least one section. */
  List<List<StripWindow>> sections() {
    return sections;
  }

  /** Returns the missing ranges of a section, one plan per object. */
  List<RangePlan> ranges(int section) {
    return assets.stream()
        .map(asset -> asset.object.plan(ranges(asset, sections.get(section))))
        .toList();
  }

  /** Returns the bytes that two neighbouring sections need at most. */
  long mostBytes() {
    long most = 0;
    long before = 0;
    for (List<StripWindow> section : sections) {
      long bytes = 0;
      for (Asset asset : assets) {
        bytes += ranges(asset, section).stream().mapToLong(ByteRange::length).sum();
      }
      most = Math.max(most, before + bytes);
      before = bytes;
    }
    return most;
  }

  /**
   * Frees all bytes but those of the directories and of the next two sections: those of this
   * section, and those between ranges that were requested together.
   */
  void release(int section) {
    for (int i = 0; i < assets.size(); i++) {
      Asset asset = assets.get(i);
      List<ByteRange> kept = new ArrayList<>(directories.get(i));
      for (int next = section + 1; next < Math.min(sections.size(), section + 3); next++) {
        kept.addAll(ranges(asset, sections.get(next)));
      }
      asset.object.release(asset.object.heldRanges(), kept);
    }
  }

  /** Reads the description in the header of an image file; requests nothing else. */
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

  /** Reads the layout of an object; requests only its directories. */
  static CogLayout layout(ObjectStore source, String name, SparseObject object)
      throws SceneException, InterruptedException {
    return CogLayout.read(name, object.size(), bytes(source, name, object));
  }
}

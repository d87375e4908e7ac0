package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.chip.Chip;
import dev.kiln.chip.Footprint;
import dev.kiln.chip.GsdSource;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
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
import java.util.stream.Stream;
import org.locationtech.jts.geom.Point;

/** Opens fetched scenes and locates their chips. */
final class SceneDecode {
  /** A file is written from one array. */
  private static final long MAX_VECTOR_BYTES = Integer.MAX_VALUE - (64L << 20);

  /** Heap of a chip beside its vector: footprint, location, and their objects. */
  private static final long CHIP_BYTES = 1000;

  /** Share of the heap that one scene may take; others are in work beside it. */
  private static final double HEAP_SHARE = 0.6;

  /** Relative difference of ground sample distances that are the same. */
  private static final double SAME_GSD = 0.01;

  /** Relative difference of ground sample distances that deserves a warning. */
  private static final double OTHER_GSD = 0.2;

  private final Platform platform;
  private final ChipOptions options;
  private final int dim;
  private final int inflateThreads;

  /**
   * Creates a decoder.
   *
   * @param platform bands and their statistics
   * @param options what is embedded
   * @param dim length of an embedding
   * @param inflateThreads threads that inflate the tiles of one scene
   */
  SceneDecode(Platform platform, ChipOptions options, int dim, int inflateThreads) {
    this.platform = platform;
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
          none.leftOut(),
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
    for (BandAsset band : scene.bands()) {
      CogFile file = files.get(band.object().name());
      expect(scene, file);
      sources.add(new SceneRaster.Source(band.band(), file, band.index()));
    }
    SceneRaster raster = SceneRaster.of(sources);
    try {
      ChipSelection selection =
          fetched.selection().isPresent()
              ? fetched.selection().get()
              : ChipSelection.all(raster, options.chipSize());
      selection.requireFits(raster);
      BitSet chips = (BitSet) selection.surviving().clone();
      requireFits(scene, chips.cardinality());
      SceneAssembly open = locate(fetched, raster, selection, chips);
      decideGsd(scene, open, raster);
      decideOrientation(open, files);
      return new DecodingScene(
          open,
          Optional.of(raster),
          selection.grid(),
          chips,
          Optional.of(values(scene, sources, open.decisions())),
          selection
              .leftOut()
              .plusOffEarth(selection.surviving().cardinality() - chips.cardinality()),
          options,
          List.copyOf(files.values()));
    } catch (RuntimeException | Error e) {
      raster.close();
      throw e;
    }
  }

  /** Vectors and chips are on the Java heap until the scene is written. */
  private void requireFits(Scene scene, long chips) throws SceneException {
    long vectors = chips * dim * Float.BYTES;
    if (vectors > MAX_VECTOR_BYTES) {
      throw SceneException.permanent(
          scene.sceneKey(),
          "scene of %d chips: expected at most %d MB of vectors, found %d MB: use a larger --chip"
              .formatted(chips, MAX_VECTOR_BYTES / 1_000_000, vectors / 1_000_000));
    }
    // The vectors, the rows that are kept of them, and twice the file.
    long needed = 4 * vectors + chips * CHIP_BYTES;
    long heap = Runtime.getRuntime().maxMemory();
    if (needed > HEAP_SHARE * heap) {
      throw SceneException.permanent(
          scene.sceneKey(),
          "scene of %d chips: needs %d MB of the Java heap's %d MB: raise -Xmx in KILN_JAVA_OPTS or use a larger --chip"
              .formatted(chips, needed / 1_000_000, heap / 1_000_000));
    }
  }

  /** Prepares to read the values of a scene's bands. */
  private SceneValues values(
      Scene scene, List<SceneRaster.Source> sources, SceneDecisions decisions) {
    List<NodataValues.Band> bands = new ArrayList<>();
    List<Optional<double[]>> declared = new ArrayList<>();
    for (int b = 0; b < sources.size(); b++) {
      CogFile file = sources.get(b).file();
      int index = sources.get(b).index();
      Band statistics = platform.bands().get(b);
      // No data is what the file or the item says.
      double[] nodata =
          Stream.of(file.nodata(index), scene.bands().get(b).nodata())
              .flatMapToDouble(OptionalDouble::stream)
              .distinct()
              .toArray();
      bands.add(new NodataValues.Band(nodata, (float) statistics.mean(), (float) statistics.std()));
      declared.add(file.scaleAndOffset(index));
    }
    NodataValues rule = new NodataValues(bands, scene.nodataByValue());
    return new SceneValues(scene, platform, options, rule, declared, decisions);
  }

  /**
   * Decides the ground sample distance: the pixel size of the file, or what the scene key states
   * for archives that name it there. A stated value that differs by less than a hundredth is the
   * same without rounding.
   */
  private void decideGsd(Scene scene, SceneAssembly open, SceneRaster raster) {
    double stated = open.gsd();
    double found = raster.extent().pixelWidth();
    double difference = Math.abs(stated - found) / found;
    if (difference < SAME_GSD) {
      return;
    }
    boolean stay =
        options.gsdSource() == GsdSource.METADATA
            || options.gsdSource() == GsdSource.AUTO && scene.gsdByName();
    if (stay) {
      if (difference > OTHER_GSD) {
        open.decisions()
            .warn(
                "gsd-source",
                "%s m (metadata), found pixels of %s m in the file; see --gsd",
                stated,
                found);
      }
      return;
    }
    open.gsd(found);
    if (difference > OTHER_GSD || Double.isNaN(difference)) {
      open.decisions().warn("gsd-source", "%s m (file), found %s m in the metadata", found, stated);
    } else {
      open.decisions().note("gsd-source", "%s m (file), found %s m in the metadata", found, stated);
    }
  }

  private static void decideOrientation(SceneAssembly open, Map<String, CogFile> files) {
    for (CogFile file : files.values()) {
      file.orientation()
          .ifPresent(
              stored -> open.decisions().note("orientation", "%s, flipped to north-up", stored));
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

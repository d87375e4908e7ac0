package dev.kiln.run;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.archive.StatedGrid;
import dev.kiln.archive.StatedScale;
import dev.kiln.chip.GsdSource;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.BandScale;
import dev.kiln.platform.BandUnit;
import dev.kiln.platform.Platform;
import dev.kiln.raster.BandNodata;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.GeoExtent;
import dev.kiln.raster.NodataValues;
import dev.kiln.raster.SceneRaster;
import dev.kiln.type.PixelType;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Opens fetched scenes, and decides what their metadata leave open. */
final class SceneDecode {
  /** Relative difference of ground sample distances that are the same. */
  private static final double SAME_GSD = 1e-4;

  /** Scales of projections that are nearer to 1 are ignored: those of UTM are. */
  private static final double OTHER_SCALE = 0.02;

  /** Relative difference of ground sample distances that deserves a warning. */
  private static final double OTHER_GSD = 0.2;

  /** Most times that pixels are as wide on the ground as they are high, or the reverse. */
  private static final double MOST_ASPECT = 1.25;

  private final Platform platform;
  private final ChipOptions options;
  private final int dim;
  private final int batchSize;
  private final int inflateThreads;

  /**
   * Creates a decoder.
   *
   * @param platform bands and their statistics
   * @param options what is embedded
   * @param dim length of an embedding
   * @param batchSize chips of a batch
   * @param inflateThreads threads that inflate the tiles of one scene
   */
  SceneDecode(Platform platform, ChipOptions options, int dim, int batchSize, int inflateThreads) {
    this.platform = platform;
    this.options = options;
    this.dim = dim;
    this.batchSize = batchSize;
    this.inflateThreads = inflateThreads;
  }

  /**
   * Opens a scene.
   *
   * @param fetched borrowed; must outlive the result
   * @throws SceneException permanent if the scene cannot be decoded
   */
  DecodingScene open(FetchedScene fetched) throws SceneException {
    Scene scene = fetched.scene();
    if (fetched.isMasked()) {
      ChipSelection none = fetched.selection().orElseThrow();
      return new DecodingScene(
          assembly(fetched),
          Optional.empty(),
          none.grid(),
          none.surviving(),
          Optional.empty(),
          Optional.empty(),
          none.leftOut(),
          new DecodingScene.Tally(),
          options,
          List.of());
    }
    Map<String, CogFile> files = new LinkedHashMap<>();
    try {
      for (String asset : scene.assets()) {
        files.put(asset, ImageAndSidecars.open(asset, fetched.assets(), inflateThreads));
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
    for (CogFile file : files.values()) {
      expect(scene, file);
    }
    new BandOrderCheck(platform, scene, files).require();
    SceneRaster raster = SceneRasters.of(scene, files);
    try {
      if (scene.grid().isPresent()) {
        requireGrid(scene, scene.grid().get(), raster);
      }
      ChipSelection selection =
          fetched.selection().isPresent()
              ? fetched.selection().get()
              : ChipSelection.all(raster, options);
      selection.requireFits(raster);
      ScenePlan plan = fetched.plan().orElseThrow();
      selection = selection.without(plan.surviving(), plan.unwritten());
      requireSquares(raster);
      SceneAssembly open = assembly(fetched);
      decideGsd(scene, open, raster);
      decideOrientation(open, files);
      return new DecodingScene(
          open,
          Optional.of(raster),
          selection.grid(),
          selection.surviving(),
          Optional.of(values(scene, files, open.decisions())),
          Optional.of(new ChipPlaces(raster, selection, options.locationOrder())),
          selection.leftOut(),
          new DecodingScene.Tally(),
          options,
          List.copyOf(files.values()));
    } catch (RuntimeException | Error e) {
      raster.close();
      throw e;
    }
  }

  private SceneAssembly assembly(FetchedScene fetched) {
    Scene scene = fetched.scene();
    SceneAssembly open =
        new SceneAssembly(
            scene, fetched.outputKey(), TimeEncoding.of(scene.datetime()), dim, batchSize);
    scene.decisions().forEach((name, text) -> open.decisions().note(name, "%s", text));
    return open;
  }

  /** Prepares to read the values of a scene's bands. */
  private SceneValues values(Scene scene, Map<String, CogFile> files, SceneDecisions decisions)
      throws SceneException {
    List<BandNodata> bands = new ArrayList<>();
    List<Optional<double[]>> declared = new ArrayList<>();
    List<Optional<double[]>> scales = new ArrayList<>();
    List<Backscatter.Evidence> evidence = new ArrayList<>();
    for (int b = 0; b < scene.bands().size(); b++) {
      BandAsset band = scene.bands().get(b);
      List<CogFile> ofBand = SceneRasters.files(scene, band, files);
      Band statistics = platform.bands().get(b);
      // The files or the item define which values are no data.
      double[] stated =
          DoubleStream.concat(
                  ofBand.stream().flatMapToDouble(file -> file.nodataValues(band.index())),
                  band.nodata().stream())
              .distinct()
              .toArray();
      BandScale conversion = statistics.scale().orElse(BandScale.STORED);
      double[] nodata =
          BandNodata.meant(
              ofBand.get(0).type(),
              stated,
              (statistics.mean() - conversion.offset()) / conversion.scale(),
              statistics.std() / Math.abs(conversion.scale()));
      Optional<double[]> tags = scaleAndOffset(band, ofBand);
      Optional<double[]> scale = band.scale().map(StatedScale::values);
      bands.add(
          new BandNodata(
              nodata,
              (float) statistics.mean(),
              deviation(statistics),
              statistics.isInDecibels(),
              statistics.scale().map(BandScale::values).or(() -> tags).or(() -> scale)));
      declared.add(tags);
      scales.add(scale);
      evidence.add(evidence(band, ofBand));
    }
    NodataValues rule = new NodataValues(bands, scene.nodataByValue());
    return new SceneValues(
        scene,
        platform,
        options,
        rule,
        alphaBands(scene, files),
        declared,
        scales,
        evidence,
        decisions);
  }

  /** Returns the standard deviation of a band, as far as it tells which values are plausible. */
  private static float deviation(Band band) {
    boolean power =
        band.unit().filter(u -> u == BandUnit.POWER || u == BandUnit.AMPLITUDE).isPresent();
    return power ? BandNodata.POWER_DEVIATION : (float) band.std();
  }

  /** Returns the bands, from 0, that their file tags as alpha. */
  private static Set<Integer> alphaBands(Scene scene, Map<String, CogFile> files) {
    Set<Integer> alpha = new HashSet<>();
    for (int b = 0; b < scene.bands().size(); b++) {
      BandAsset band = scene.bands().get(b);
      if (SceneRasters.files(scene, band, files).stream()
          .anyMatch(file -> file.isAlpha(band.index()))) {
        alpha.add(b);
      }
    }
    return alpha;
  }

  /** Returns what the item, the files and their names state about the values of a band. */
  private static Backscatter.Evidence evidence(BandAsset band, List<CogFile> files) {
    List<String> words = new ArrayList<>(band.words());
    files.forEach(file -> words.addAll(file.words(band.index())));
    return new Backscatter.Evidence(words, files.stream().map(CogFile::objectKey).toList());
  }

  /** Returns what all files of a band declare. */
  private static Optional<double[]> scaleAndOffset(BandAsset band, List<CogFile> files)
      throws SceneException {
    Optional<double[]> first = files.get(0).scaleAndOffset(band.index());
    for (CogFile file : files) {
      Optional<double[]> other = file.scaleAndOffset(band.index());
      if (!Arrays.equals(first.orElse(null), other.orElse(null))) {
        throw SceneException.permanent(
            file.objectKey(),
            "expected the scale and offset of %s, found others: embed the files of the mosaic one by one"
                .formatted(files.get(0).objectKey()));
      }
    }
    return first;
  }

  /**
   * Decides the ground sample distance: the pixel size of the file, or what the scene key states
   * for archives that name it there. A stated value that differs by less than a ten-thousandth is
   * the same without rounding.
   */
  private void decideGsd(Scene scene, SceneAssembly open, SceneRaster raster) {
    double stated = open.gsd();
    double found = groundDistance(open, raster);
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

  /**
   * Returns the size of a pixel on the ground: that of the file, unless the scale of the projection
   * is far from 1. Three digits, so that scenes side by side share batches.
   */
  private static double groundDistance(SceneAssembly open, SceneRaster raster) {
    double pixel = raster.extent().pixelWidth();
    double ground = raster.groundPixel().orElse(pixel);
    if (Math.abs(ground / pixel - 1) < OTHER_SCALE) {
      return pixel;
    }
    double rounded = new BigDecimal(ground).round(new MathContext(3)).doubleValue();
    open.decisions()
        .note("ground-distance", "%s m (pixels of %s m in the projection)", rounded, pixel);
    return rounded;
  }

  /** Checks that pixels are nearly square on the ground, as they are in the projection. */
  private static void requireSquares(SceneRaster raster) throws SceneException {
    double aspect = raster.groundAspect().orElse(1);
    if (aspect > MOST_ASPECT || aspect < 1 / MOST_ASPECT) {
      throw SceneException.permanent(
          raster.objectKey(),
          "expected pixels that are square on the ground, found %.2f times as wide as high: reproject the file with gdalwarp -t_srs, for example to UTM"
              .formatted(aspect));
    }
  }

  private static void decideOrientation(SceneAssembly open, Map<String, CogFile> files) {
    for (CogFile file : files.values()) {
      file.orientation()
          .ifPresent(
              stored -> open.decisions().note("orientation", "%s, flipped to north-up", stored));
    }
  }

  /** Checks that files have the grid that the scene's description states. */
  private static void requireGrid(Scene scene, StatedGrid grid, SceneRaster raster)
      throws SceneException {
    if (raster.width() != grid.width() || raster.height() != grid.height()) {
      throw SceneException.permanent(
          scene.sceneKey(),
          "expected files of %d × %d px, found %d × %d px: convert it with gdal_translate"
              .formatted(grid.width(), grid.height(), raster.width(), raster.height()));
    }
    if (grid.geotransform().isPresent()) {
      double[] at = grid.geotransform().get();
      GeoExtent found = raster.extent();
      GeoExtent expected =
          new GeoExtent(
              grid.crs().isEmpty() ? found.crs() : grid.crs(),
              at[0],
              at[3],
              at[0] + grid.width() * at[1],
              at[3] + grid.height() * at[5],
              at[1]);
      if (!expected.isSameAs(found)) {
        throw SceneException.permanent(
            scene.sceneKey(),
            "files have another extent or CRS than the VRT: %s: convert it with gdal_translate"
                .formatted(expected.difference(found)));
      }
    }
  }

  private static void expect(Scene scene, CogFile file) throws SceneException {
    if (scene.pixelType().isPresent() && file.type() != scene.pixelType().get()) {
      throw SceneException.permanent(
          file.objectKey(),
          "pixel type: expected %s, found %s".formatted(scene.pixelType().get(), file.type()));
    }
    if (scene.grid().isPresent() && !scene.grid().get().types().contains(file.type())) {
      throw SceneException.permanent(
          file.objectKey(),
          "pixel type: expected one whose values the VRT leaves as they are (%s), found %s"
              .formatted(
                  scene.grid().get().types().stream()
                      .sorted()
                      .map(PixelType::toString)
                      .collect(Collectors.joining(", ")),
                  file.type()));
    }
  }
}

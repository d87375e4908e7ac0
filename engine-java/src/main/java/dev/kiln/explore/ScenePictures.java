package dev.kiln.explore;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.FileOptions;
import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.VrtFile;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.KilnException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.UnreadableObjectException;
import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import dev.kiln.picture.Mercator;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.raster.PictureFormat;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pictures of chips, and tiles of a map, from the imagery that was embedded. Only the parts of
 * files that are shown are read. Keeps the last scenes open, within a limit of memory. Safe for use
 * by several threads.
 */
public final class ScenePictures implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ScenePictures.class);

  /** Bytes of imagery that open scenes may hold together. */
  private static final long MOST_BYTES = 512L << 20;

  private static final int MOST_OPEN = 64;

  /** Pictures have no time; files need not state theirs. */
  private static final FileOptions ANY_TIME =
      new FileOptions(Optional.of(Instant.EPOCH), Optional.empty(), Optional.empty());

  /** Time after a transient error in which a scene is not read again. */
  private static final Duration PAUSE = Duration.ofSeconds(15);

  private static final int UNAVAILABLE = 503;

  /** Scenes in a tile above which the tile is left empty: they would take too long to read. */
  private static final int MOST_SCENES = 16;

  private final ObjectStore source;
  private final ListedScenes listed;
  private final ColoredChips chips;
  private final ChipDetails details;
  private final PlatformCatalog platforms;

  /** Bounds of each scene in steps of {@link ChipShapes}: west, north, east, south. */
  private final int[][] bounds;

  /** A chip of each scene. */
  private final int[] example;

  private final OpenScenes<SceneImage> open = new OpenScenes<>(MOST_BYTES, MOST_OPEN);
  private final Map<String, Failure> failures = new ConcurrentHashMap<>();
  private final Duration pause;

  /** Why a scene has no picture, and until when it is not read again. */
  private record Failure(String reason, Instant until) {}

  /**
   * Prepares the pictures of a dataset.
   *
   * @param source archive of its scenes; owned from now on
   * @param listed items that the archive does not have
   * @param files the dataset, borrowed
   * @param platforms that scenes can have
   */
  public ScenePictures(
      ObjectStore source,
      ListedScenes listed,
      ColoredChips chips,
      EmbeddingFiles files,
      PlatformCatalog platforms) {
    this(source, listed, chips, files, platforms, PAUSE);
  }

  /**
   * Prepares the pictures of a dataset.
   *
   * @param pause time after a transient error in which a scene is not read again
   */
  ScenePictures(
      ObjectStore source,
      ListedScenes listed,
      ColoredChips chips,
      EmbeddingFiles files,
      PlatformCatalog platforms,
      Duration pause) {
    this.source = source;
    this.platforms = platforms;
    this.listed = listed;
    this.pause = pause;
    this.chips = chips;
    this.details = new ChipDetails(files);
    this.bounds = new int[chips.items().size()][];
    this.example = new int[chips.items().size()];
    ChipShapes shapes = chips.shapes();
    for (int part = 0; part < shapes.parts(); part++) {
      int[] b = shapes.bounds(part);
      int item = chips.item(shapes.chip(part));
      int[] all = bounds[item];
      if (all == null) {
        bounds[item] = b;
        example[item] = shapes.chip(part);
      } else {
        all[0] = Math.min(all[0], b[0]);
        all[1] = Math.min(all[1], b[1]);
        all[2] = Math.max(all[2], b[2]);
        all[3] = Math.max(all[3], b[3]);
      }
    }
  }

  /** Returns the columns of chips, which pictures need. */
  ChipDetails details() {
    return details;
  }

  /**
   * Returns the picture of a chip as a JPEG file.
   *
   * @throws BadRequestException if the archive has no picture of it
   */
  byte[] chip(ChipDetails.Details chip, String platform) throws InterruptedException {
    if (chip.x() < 0 || chip.y() < 0) {
      throw new BadRequestException(
          404, "the dataset does not record the place of chips in scenes");
    }
    int size = chip.chipSize();
    int[] argb =
        use(
            chip,
            platform,
            image ->
                image.chip(
                    chip.x() * chip.stride(), chip.y() * chip.stride(), size, chip.within()));
    return PictureFormat.JPEG.encode(argb, size, size);
  }

  /**
   * A tile of a map.
   *
   * @param png of 256 by 256 pixels; of one transparent pixel if it shows nothing, or too many
   *     scenes
   * @param complete whether no scene is missing that a later request can show
   */
  record Tile(byte[] png, boolean complete) {}

  /** Returns a tile of a map. */
  Tile tile(int zoom, int column, int row) throws IOException, InterruptedException {
    long size = ChipShapes.WORLD >> zoom;
    long left = column * size;
    long top = row * size;
    List<Integer> scenes = new ArrayList<>();
    for (int item = 0; item < bounds.length; item++) {
      int[] b = bounds[item];
      // Scenes on both sides of the antimeridian are as wide as the world here; they find nothing.
      if (b != null && b[0] < left + size && b[2] >= left && b[1] < top + size && b[3] >= top) {
        scenes.add(item);
      }
    }
    if (scenes.isEmpty() || scenes.size() > MOST_SCENES) {
      return new Tile(blank(), true);
    }
    // The latest is drawn last, like the latest chip.
    scenes.sort((a, b) -> Long.compare(chips.micros(example[a]), chips.micros(example[b])));
    int[] argb = new int[TilePlaces.TILE * TilePlaces.TILE];
    double[] lon = new double[TilePlaces.GRID];
    double[] lat = new double[TilePlaces.GRID];
    for (int i = 0; i < TilePlaces.GRID; i++) {
      double share = (double) i / (TilePlaces.GRID - 1);
      lon[i] = Mercator.lon((left + share * size) / ChipShapes.WORLD);
      lat[i] = Mercator.lat((top + share * size) / ChipShapes.WORLD);
    }
    boolean complete = true;
    for (int item : scenes) {
      complete &= draw(item, lon, lat, argb);
    }
    boolean blank = Arrays.stream(argb).allMatch(pixel -> pixel == 0);
    byte[] png = blank ? blank() : PictureFormat.PNG.encode(argb, TilePlaces.TILE, TilePlaces.TILE);
    return new Tile(png, complete);
  }

  private static byte[] blank() {
    return PictureFormat.PNG.encode(new int[1], 1, 1);
  }

  /** Draws a scene; returns false if a later request can show it. */
  private boolean draw(int item, double[] lon, double[] lat, int[] argb)
      throws IOException, InterruptedException {
    int chip = example[item];
    ChipDetails.Details found = details.of(List.of(chips.ref(chip))).get(chips.ref(chip));
    if (found == null) {
      return true;
    }
    try {
      return use(
          found,
          chips.platformOf(chip),
          image -> {
            image.draw(lon, lat, argb);
            return true;
          });
    } catch (BadRequestException e) {
      return e.status() != UNAVAILABLE;
    }
  }

  /** Uses a scene. */
  private <T> T use(ChipDetails.Details chip, String platform, OpenScenes.Use<SceneImage, T> use)
      throws InterruptedException {
    String item = chip.itemId();
    Failure failure = failures.get(item);
    if (failure != null && Instant.now().isBefore(failure.until())) {
      throw noPicture(item, failure);
    }
    try {
      T result =
          open.use(
              chip.uri() + " " + item,
              () -> {
                Platform bands = platforms.get(platform);
                return new SceneImage(source, () -> scene(chip.uri(), item, bands), shown(bands));
              },
              use);
      failures.remove(item);
      return result;
    } catch (IOException | KilnException e) {
      Instant until = isTransient(e) ? Instant.now().plus(pause) : Instant.MAX;
      Failure found = new Failure(ReadErrors.reason(e), until);
      if (failures.put(item, found) == null) {
        log.warn("no picture: item={} reason=\"{}\"", item, found.reason());
      }
      throw noPicture(item, found);
    }
  }

  private static BadRequestException noPicture(String item, Failure failure) {
    return new BadRequestException(
        failure.until().equals(Instant.MAX) ? 404 : UNAVAILABLE,
        "no picture of " + item + ": " + failure.reason());
  }

  /** Returns whether the same request can succeed later. */
  private static boolean isTransient(Exception e) {
    if (e instanceof SceneException scene) {
      return scene.kind() == SceneException.Kind.TRANSIENT;
    }
    return !(e instanceof ConfigurationException
        || e instanceof NoSuchFileException
        || e instanceof AccessDeniedException
        || e instanceof UnreadableObjectException);
  }

  /** Finds a scene in the list, or in the source under its key there or by its whole URI. */
  private Scene scene(String uri, String itemId, Platform platform) throws IOException {
    if (uri.isEmpty()) {
      throw SceneException.permanent("scene", "the dataset does not record where scenes are");
    }
    Optional<Scene> known = listed.scene(itemId, uri, platform);
    if (known.isPresent()) {
      return known.get();
    }
    String key = uri.replaceFirst("^[a-z0-9]+://[^/]+/", "");
    boolean present = key.equals(uri) || source.exists(key);
    if (!present && !ObjectStores.isRemote(source.root())) {
      throw SceneException.permanent(
          key, Mismatch.of("the scene in --source " + source.root(), "none"));
    }
    String found = present ? key : uri;
    if (VrtFile.isVrt(found)) {
      return VrtFile.read(found, source::stream).scene(platform, ANY_TIME);
    }
    return SceneArchive.isImageFile(platform, found)
        ? image(found, platform)
        : SceneArchive.of(platform, false).describe(found, source::stream);
  }

  /** Returns the scene of a plain image file, whose bands are in the platform's order. */
  private static Scene image(String key, Platform platform) {
    List<BandAsset> bands = new ArrayList<>();
    for (Band band : platform.bands()) {
      bands.add(
          new BandAsset(
              band.name(), ObjectRef.inSource(key), bands.size() + 1, OptionalDouble.empty()));
    }
    return Scene.builder(key)
        .itemId(key)
        .datetime(Instant.EPOCH)
        .gsd(platform.gsd())
        .bands(bands)
        .build();
  }

  /** Returns the bands that are shown as red, green and blue. */
  private static List<Band> shown(Platform platform) {
    List<Band> shown = new ArrayList<>();
    for (String name : List.of("red", "green", "blue")) {
      platform.bands().stream().filter(b -> b.name().equals(name)).forEach(shown::add);
    }
    if (shown.size() == 3) {
      return shown;
    }
    // Radar has no colours: its bands, the last one repeated.
    List<Band> bands = platform.bands();
    int last = bands.size() - 1;
    return List.of(bands.get(0), bands.get(Math.min(1, last)), bands.get(Math.min(2, last)));
  }

  /** Closes all scenes and the source. Idempotent. */
  @Override
  public void close() {
    open.close();
    source.close();
  }

  /** Returns the asset of a band. */
  static BandAsset asset(Scene scene, Band band) throws SceneException {
    return scene.bands().stream()
        .filter(asset -> asset.band().equals(band.name()))
        .findFirst()
        .orElseThrow(
            () -> SceneException.permanent(scene.sceneKey(), "no asset of band " + band.name()));
  }
}

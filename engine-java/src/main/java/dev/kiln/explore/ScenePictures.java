package dev.kiln.explore;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.ObjectRef;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.KilnException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.picture.ChipShapes;
import dev.kiln.picture.ColoredChips;
import dev.kiln.picture.Mercator;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.raster.PictureFormat;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
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

  /** Scenes in a tile above which the tile is left empty: they would take too long to read. */
  private static final int MOST_SCENES = 16;

  private final ObjectStore source;
  private final ColoredChips chips;
  private final ChipDetails details;
  private final PlatformCatalog platforms = PlatformCatalog.builtIn();

  /** Bounds of each scene in steps of {@link ChipShapes}: west, north, east, south. */
  private final int[][] bounds;

  /** A chip of each scene. */
  private final int[] example;

  private final Map<String, SceneImage> open = new LinkedHashMap<>(16, 0.75f, true);
  private final Set<String> failed = new HashSet<>();

  /**
   * Prepares the pictures of a dataset.
   *
   * @param source archive of its scenes; owned from now on
   * @param files the dataset, borrowed
   */
  public ScenePictures(ObjectStore source, ColoredChips chips, EmbeddingFiles files) {
    this.source = source;
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
    SceneImage image = image(chip, platform);
    try {
      int size = chip.chipSize();
      int[] argb = image.window(chip.x() * chip.stride(), chip.y() * chip.stride(), size);
      return PictureFormat.JPEG.encode(argb, size, size);
    } catch (IOException | KilnException e) {
      throw unavailable(chip.itemId(), e);
    } finally {
      release();
    }
  }

  /**
   * Returns a tile of a map as a PNG file of 256 by 256 pixels; of one transparent pixel if it
   * shows nothing, or too many scenes.
   */
  byte[] tile(int zoom, int column, int row) throws InterruptedException {
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
      return blank();
    }
    // The latest is drawn last, like the latest chip.
    scenes.sort((a, b) -> Long.compare(chips.micros(example[a]), chips.micros(example[b])));
    int[] argb = new int[SceneImage.TILE * SceneImage.TILE];
    double[] lon = new double[SceneImage.GRID];
    double[] lat = new double[SceneImage.GRID];
    for (int i = 0; i < SceneImage.GRID; i++) {
      double share = (double) i / (SceneImage.GRID - 1);
      lon[i] = Mercator.lon((left + share * size) / ChipShapes.WORLD);
      lat[i] = Mercator.lat((top + share * size) / ChipShapes.WORLD);
    }
    for (int item : scenes) {
      draw(item, lon, lat, argb);
    }
    boolean blank = Arrays.stream(argb).allMatch(pixel -> pixel == 0);
    return blank ? blank() : PictureFormat.PNG.encode(argb, SceneImage.TILE, SceneImage.TILE);
  }

  private static byte[] blank() {
    return PictureFormat.PNG.encode(new int[1], 1, 1);
  }

  private void draw(int item, double[] lon, double[] lat, int[] argb) throws InterruptedException {
    int chip = example[item];
    ChipDetails.Details found = details.of(List.of(chips.ref(chip))).get(chips.ref(chip));
    if (found == null) {
      return;
    }
    try {
      image(found, chips.platforms().get(chips.platform(chip))).draw(lon, lat, argb);
    } catch (BadRequestException e) {
      // Reported once, when the scene was opened.
    } catch (IOException | KilnException e) {
      unavailable(found.itemId(), e);
    } finally {
      release();
    }
  }

  private BadRequestException unavailable(String item, Exception cause) {
    synchronized (failed) {
      if (failed.add(item)) {
        log.warn("no picture: item={} {}", item, cause.getMessage());
      }
    }
    return new BadRequestException(404, "no picture of " + item + ": " + cause.getMessage());
  }

  /** Returns an open scene. */
  private SceneImage image(ChipDetails.Details chip, String platform) throws InterruptedException {
    synchronized (failed) {
      if (failed.contains(chip.itemId())) {
        throw new BadRequestException(404, "no picture of " + chip.itemId());
      }
    }
    String key = chip.uri() + " " + chip.itemId();
    synchronized (open) {
      SceneImage image = open.get(key);
      if (image != null) {
        return image;
      }
      try {
        Platform bands = platforms.get(platform);
        image = new SceneImage(source, scene(chip.uri(), bands), shown(bands));
        open.put(key, image);
        return image;
      } catch (IOException | KilnException e) {
        throw unavailable(chip.itemId(), e);
      }
    }
  }

  /** Finds a scene in the source, under its key there or by its whole URI. */
  private Scene scene(String uri, Platform platform) throws IOException {
    if (uri.isEmpty()) {
      throw SceneException.permanent("scene", "the dataset does not record where scenes are");
    }
    String key = uri.replaceFirst("^[a-z0-9]+://[^/]+/", "");
    boolean present = key.equals(uri) || source.exists(key);
    if (!present && !ObjectStores.isRemote(source.root())) {
      throw SceneException.permanent(
          key, Mismatch.of("the scene in --source " + source.root(), "none"));
    }
    String found = present ? key : uri;
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

  /** Closes the scenes that were not used for longest, while they hold too much memory. */
  private void release() {
    List<SceneImage> closed = new ArrayList<>();
    synchronized (open) {
      long held = open.values().stream().mapToLong(SceneImage::heldBytes).sum();
      for (String key : List.copyOf(open.keySet())) {
        if (open.size() > 1 && (held > MOST_BYTES || open.size() > MOST_OPEN)) {
          SceneImage image = open.remove(key);
          held -= image.heldBytes();
          closed.add(image);
        }
      }
    }
    closed.forEach(SceneImage::close);
  }

  /** Closes all scenes and the source. Idempotent. */
  @Override
  public void close() {
    synchronized (open) {
      open.values().forEach(SceneImage::close);
      open.clear();
    }
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

package dev.kiln.archive;

import dev.kiln.error.Mismatch;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A GDAL virtual raster (VRT): a selection of the bands of a GeoTIFF, bands from several files, or
 * a mosaic of files or their parts at one resolution. The files are read as those of a STAC item
 * are; GDAL never sees the VRT.
 *
 * <p>Resampled and warped rasters, pixel functions and whatever else computes pixels are refused.
 * Sources must be inside the source of the VRT, and be named by paths.
 *
 * @param key of the VRT in its source
 * @param grid size and place of the raster
 * @param bands bands in their order; of a mosaic, with the first of its files
 * @param pieces parts of files that a mosaic consists of, each with all bands; none if the bands
 *     are whole files
 * @param datetime TIFF's field DateTime, if the VRT has it
 */
public record VrtFile(
    String key,
    StatedGrid grid,
    List<VrtBand> bands,
    List<MosaicPiece> pieces,
    Optional<String> datetime) {
  private static final String SUFFIX = ".vrt";
  private static final int MAX_BYTES = 16 << 20;

  /** Where the last words of a name can start. */
  private static final Pattern END_OF_NAME = Pattern.compile("^|[_. -]");

  private static final Pattern LAST_NUMBER = Pattern.compile("(?:^|\\D)(\\d{1,2})$");

  /**
   * A band of the raster.
   *
   * @param object file that contains it
   * @param index band of the file, 1 for the first
   * @param name description; an empty text for a band without one
   * @param colour colour in lower case; an empty text for a band without one
   * @param nodata stored value that means no data
   * @param scale conversion of stored values, if one is stated
   * @param unit unit of values; an empty text for none
   */
  public record VrtBand(
      ObjectRef object,
      int index,
      String name,
      String colour,
      OptionalDouble nodata,
      Optional<StatedScale> scale,
      String unit) {}

  /** Copies the bands. */
  public VrtFile {
    bands = List.copyOf(bands);
    pieces = List.copyOf(pieces);
  }

  /**
   * {@return whether a key names a virtual raster}
   *
   * @param key of a scene
   */
  public static boolean isVrt(String key) {
    String path = key.contains("://") ? key.replaceFirst("[?#].*", "") : key;
    return path.toLowerCase(Locale.ROOT).endsWith(SUFFIX);
  }

  /**
   * Reads a virtual raster.
   *
   * @param key of it in its source
   * @param objects opens objects of the source
   * @return the raster
   * @throws SceneException permanent if it is not one, or one that Kiln does not support
   * @throws IOException if it cannot be read
   */
  public static VrtFile read(String key, ObjectSource objects) throws IOException {
    return parse(key, objects.read(key, "a VRT", MAX_BYTES));
  }

  /**
   * Parses a virtual raster.
   *
   * @param key of it in its source
   * @param xml its content
   * @return the raster
   * @throws SceneException permanent if it is not one, or one that Kiln does not support
   */
  public static VrtFile parse(String key, byte[] xml) throws SceneException {
    return new VrtParser(key).parse(xml);
  }

  /** {@return the names of the files that the raster consists of} */
  public Set<String> files() {
    Set<String> files = new TreeSet<>();
    bands.forEach(band -> files.add(band.object().name()));
    pieces.forEach(piece -> files.add(piece.object().name()));
    return files;
  }

  /**
   * {@return the scene that this raster is for a platform}
   *
   * @param platform whose bands are wanted
   * @param options what the user states
   * @throws SceneException permanent if it has no date or other bands than the platform
   */
  public Scene scene(Platform platform, FileOptions options) throws SceneException {
    ImageFile image =
        new ImageFile(key, names(platform), bands.stream().map(VrtBand::colour).toList(), datetime);
    Scene scene =
        image.scene(
            platform,
            options,
            (name, number) -> {
              VrtBand band = bands.get(number - 1);
              return new BandAsset(
                  name,
                  band.object(),
                  band.index(),
                  band.nodata(),
                  band.scale(),
                  false,
                  Stream.of(band.unit(), band.name()).filter(text -> !text.isEmpty()).toList(),
                  BandAsset.Described.NOT);
            },
            Optional.of(grid),
            pieces);
    requireAlpha(scene);
    return scene;
  }

  /**
   * Returns the names of the bands: descriptions, or else what the names of their files say, such
   * as {@code _B04} or {@code .red}, or their numbers.
   */
  private List<String> names(Platform platform) {
    List<String> described = bands.stream().map(VrtBand::name).toList();
    boolean separate = pieces.isEmpty() && bands.size() > 1 && files().size() == bands.size();
    if (!separate || !described.stream().allMatch(ImageFile::isGeneric)) {
      return described;
    }
    List<String> stems = bands.stream().map(band -> stem(band.object().name())).toList();
    List<Optional<String>> named = stems.stream().map(stem -> bandOf(stem, platform)).toList();
    List<String> found = named.stream().flatMap(Optional::stream).toList();
    if (found.isEmpty() || Set.copyOf(found).size() < found.size()) {
      List<String> numbers =
          stems.stream()
              .map(stem -> LAST_NUMBER.matcher(stem))
              .filter(Matcher::find)
              .map(m -> "Band " + Integer.valueOf(m.group(1)))
              .toList();
      return found.isEmpty() && Set.copyOf(numbers).size() == bands.size() ? numbers : described;
    }
    List<String> order = platform.bands().stream().map(Band::name).toList();
    boolean inOrder =
        IntStream.range(0, bands.size())
            .allMatch(i -> named.get(i).filter(name -> order.indexOf(name) != i).isEmpty());
    return inOrder
        ? described
        : IntStream.range(0, bands.size())
            .mapToObj(i -> named.get(i).orElse("file " + stems.get(i)))
            .toList();
  }

  private static String stem(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    int dot = name.lastIndexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  /** Returns the band that the end of a file's name names, or else the only one of its words. */
  private static Optional<String> bandOf(String stem, Platform platform) {
    Matcher ends = END_OF_NAME.matcher(stem);
    while (ends.find()) {
      Optional<String> band =
          BandAliases.standard().bandOf(platform, stem, stem.substring(ends.end()));
      if (band.isPresent()) {
        return band;
      }
    }
    Set<String> found = new TreeSet<>();
    for (String word : stem.split("[_. -]")) {
      BandAliases.standard().bandOf(platform, stem, word).ifPresent(found::add);
    }
    return found.size() == 1 ? Optional.of(found.iterator().next()) : Optional.empty();
  }

  /** A file's alpha band is read with the file; that of another file would be ignored. */
  private void requireAlpha(Scene scene) throws SceneException {
    for (VrtBand band : bands) {
      if (band.colour().equals("alpha") && !scene.assets().contains(band.object().name())) {
        throw SceneException.permanent(
            key,
            Mismatch.of(
                "alpha band",
                "one of a file with other bands of the VRT",
                "band %d of %s".formatted(band.index(), band.object())));
      }
    }
  }
}

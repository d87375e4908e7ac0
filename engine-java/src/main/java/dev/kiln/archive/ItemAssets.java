package dev.kiln.archive;

import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The files of a STAC item that contain the bands of a platform. A band is, in this order: the
 * asset of its name; the only single-band asset with that name or common name; a band of a file
 * with several bands. If no band is found by name, the bands of one file are used in the platform's
 * order. That file has as many bands as the platform and no names but numbers, or the item does not
 * describe its bands; candidates are the asset {@code data}, the only described file, and the only
 * file. Images made for display are used last.
 *
 * <p>Only TIFFs are used, never the JPEG 2000 copies in Sentinel-2 items ({@code red-jp2}).
 *
 * @param bands in the platform's order
 * @param mask the classification that masks chips, if the platform has one
 * @param gsd metres per pixel of the finest band, from the item or else from the platform
 */
public record ItemAssets(List<BandAsset> bands, Optional<Mask> mask, double gsd) {

  private static final Map<String, PixelClasses> MASKS =
      Map.of(
          "sentinel-2-l2a", PixelClasses.SCENE_CLASSIFICATION,
          "landsat-c2l1", PixelClasses.QUALITY_BITS,
          "landsat-c2l2-sr", PixelClasses.QUALITY_BITS);

  /** Most assets that an error lists. */
  private static final int MAX_LISTED = 30;

  private record Place(StacAsset asset, int index) {}

  /** Copies the bands. */
  public ItemAssets {
    bands = List.copyOf(bands);
  }

  /**
   * Maps a platform's bands; the mask is required if the platform has one.
   *
   * @param item whose assets are mapped
   * @param platform whose bands are wanted
   * @return the file of each band
   * @throws SceneException (permanent) if a band or the mask is missing, a band is ambiguous, or an
   *     href is invalid
   */
  public static ItemAssets map(StacItem item, Platform platform) throws SceneException {
    return map(item, platform, true);
  }

  /**
   * Maps a platform's bands.
   *
   * @param item whose assets are mapped
   * @param platform whose bands are wanted
   * @param masked whether the mask is required, if the platform has one
   * @return the file of each band
   * @throws SceneException (permanent) as for {@link #map(StacItem, Platform)}
   */
  public static ItemAssets map(StacItem item, Platform platform, boolean masked)
      throws SceneException {
    return map(item, platform, masked, BandAliases.standard());
  }

  /**
   * Maps a platform's bands.
   *
   * @param item whose assets are mapped
   * @param platform whose bands are wanted
   * @param masked whether the mask is required, if the platform has one
   * @param aliases other names of bands
   * @return the file of each band
   * @throws SceneException (permanent) as for {@link #map(StacItem, Platform)}
   */
  static ItemAssets map(StacItem item, Platform platform, boolean masked, BandAliases aliases)
      throws SceneException {
    List<StacAsset> files = item.assets().values().stream().filter(StacAsset::isTiff).toList();
    Map<String, Place> places = byName(item, files, platform, aliases, false);
    if (places.isEmpty()) {
      places = byOrder(files, platform, false);
    }
    if (places.isEmpty()) {
      // A true-colour image also has a band red; it is used only if the item has no data.
      places = byName(item, files, platform, aliases, true);
    }
    if (places.isEmpty()) {
      // Aerial imagery is published as images for display.
      places = byOrder(files, platform, true);
    }
    List<BandAsset> bands = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Band band : platform.bands()) {
      if (places.containsKey(band.name())) {
        bands.add(locate(item, band.name(), places.get(band.name())));
      } else {
        missing.add(band.name());
      }
    }
    if (!missing.isEmpty()) {
      throw SceneException.permanent(
          item.key(),
          "no asset for "
              + String.join(", ", missing)
              + " of "
              + platform.name()
              + expected(item, platform, aliases, missing.get(0))
              + found(item)
              + "; name them with --band-aliases");
    }
    return new ItemAssets(
        bands,
        mask(item, platform, places.values(), masked, aliases),
        gsd(item, platform, places.values()));
  }

  private static Optional<Mask> mask(
      StacItem item,
      Platform platform,
      Collection<Place> places,
      boolean masked,
      BandAliases aliases)
      throws SceneException {
    PixelClasses classes = MASKS.get(platform.productName());
    if (classes == null) {
      return Optional.empty();
    }
    Optional<StacAsset> found =
        aliases.names(platform, item.id(), classes.asset()).stream()
            .flatMap(
                name ->
                    item.assets().values().stream()
                        .filter(asset -> asset.name().equalsIgnoreCase(name) && asset.isTiff()))
            .findFirst();
    if (found.isEmpty()) {
      if (!masked) {
        return Optional.empty();
      }
      throw SceneException.permanent(
          item.key(),
          "no TIFF asset "
              + classes.asset()
              + ", which masks the chips of "
              + platform.name()
              + ": give --max-cloud 1 --max-nodata 1 to embed it without a mask");
    }
    StacAsset asset = found.get();
    OptionalInt width =
        places.stream().allMatch(place -> place.asset.shape().size() == 2)
            ? places.stream().mapToInt(place -> place.asset.shape().get(1)).max()
            : OptionalInt.empty();
    return Optional.of(new Mask(locate(item, asset.name(), new Place(asset, 0)), classes, width));
  }

  /** Returns the names of a band that were looked up, if it has others than its own. */
  private static String expected(
      StacItem item, Platform platform, BandAliases aliases, String band) {
    List<String> names = aliases.names(platform, item.id(), band);
    return names.size() < 2
        ? ": expected assets or bands of these names, found "
        : ": expected assets or bands of these names ("
            + band
            + ": also "
            + String.join(", ", names.subList(1, names.size()))
            + "), found ";
  }

  /** Returns the assets of an item with their bands, in one line. */
  private static String found(StacItem item) {
    List<String> described = new ArrayList<>();
    for (StacAsset asset : item.assets().values()) {
      String bands =
          String.join(
              " ",
              asset.bands().stream()
                  .map(band -> band.name().isEmpty() ? band.commonName() : band.name())
                  .toList());
      described.add(
          Printable.of(asset.name())
              + (asset.isTiff()
                  ? bands.isEmpty() ? "" : " (" + Printable.of(bands) + ")"
                  : " (not a TIFF)"));
    }
    int most = Math.min(MAX_LISTED, described.size());
    return described.isEmpty()
        ? "no assets"
        : String.join(", ", described.subList(0, most))
            + (described.size() > most ? " and " + (described.size() - most) + " more" : "");
  }

  private static Map<String, Place> byName(
      StacItem item,
      List<StacAsset> files,
      Platform platform,
      BandAliases aliases,
      boolean forDisplay)
      throws SceneException {
    List<StacAsset> kind =
        files.stream().filter(file -> file.isForDisplay() == forDisplay).toList();
    Map<String, Place> places = new HashMap<>();
    for (Band band : platform.bands()) {
      byName(item, kind, aliases.names(platform, item.id(), band.name()))
          .ifPresent(place -> places.put(band.name(), place));
    }
    return places;
  }

  /**
   * Returns the first of some names that is found.
   *
   * @throws SceneException (permanent) if a name is ambiguous, and no other one is found
   */
  private static Optional<Place> byName(StacItem item, List<StacAsset> files, List<String> names)
      throws SceneException {
    SceneException ambiguous = null;
    for (String name : names) {
      try {
        Optional<Place> place = find(item, files, name);
        if (place.isPresent()) {
          return place;
        }
      } catch (SceneException e) {
        ambiguous = ambiguous == null ? e : ambiguous;
      }
    }
    if (ambiguous != null) {
      throw ambiguous;
    }
    return Optional.empty();
  }

  private static Optional<Place> find(StacItem item, List<StacAsset> files, String band)
      throws SceneException {
    if (BandAliases.isOfAsset(band)) {
      int colon = band.lastIndexOf(':');
      return files.stream()
          .filter(file -> file.name().equals(band.substring(0, colon)))
          .flatMap(file -> indexOf(file, band.substring(colon + 1)).stream())
          .findFirst();
    }
    for (StacAsset file : files) {
      if (file.name().equalsIgnoreCase(band) && file.bands().size() <= 1) {
        return Optional.of(new Place(file, 0));
      }
    }
    Optional<Place> single = only(item, files, band, file -> file.bands().size() == 1);
    return single.isPresent() ? single : only(item, files, band, file -> file.bands().size() > 1);
  }

  /** Returns the only file of a kind that has a band of the given name. */
  private static Optional<Place> only(
      StacItem item, List<StacAsset> files, String band, Predicate<StacAsset> kind)
      throws SceneException {
    List<Place> found =
        files.stream().filter(kind).flatMap(file -> indexOf(file, band).stream()).toList();
    if (found.size() > 1) {
      throw SceneException.permanent(
          item.key(),
          "band "
              + band
              + ": expected one asset, found "
              + String.join(", ", found.stream().map(place -> place.asset.name()).toList())
              + ": choose one in --band-aliases, as %s:%s"
                  .formatted(found.get(0).asset.name(), band));
    }
    return found.stream().findFirst();
  }

  private static Optional<Place> indexOf(StacAsset file, String band) {
    for (int i = 0; i < file.bands().size(); i++) {
      StacBand described = file.bands().get(i);
      if (described.commonName().equalsIgnoreCase(band)
          || described.name().equalsIgnoreCase(band)) {
        return Optional.of(new Place(file, i));
      }
    }
    return Optional.empty();
  }

  /**
   * Returns whether an item does not name the bands of a file, or only numbers them by their
   * position: other names that are not known are not those of the platform's bands.
   */
  private static boolean namesNothing(StacAsset file) {
    for (int i = 0; i < file.bands().size(); i++) {
      StacBand band = file.bands().get(i);
      for (String name : List.of(band.name(), band.commonName())) {
        boolean position = name.matches("(?i)b?0*" + (i + 1));
        if (!position && !ImageFile.isGeneric(name)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Returns whether no band of a file is described as another one than that of its position. */
  private static boolean describesNoOther(StacAsset file, Platform platform) {
    for (int i = 0; i < file.bands().size(); i++) {
      String expected = platform.bands().get(i).name();
      for (String words : file.bands().get(i).words()) {
        if (BandAliases.standard()
            .bandOf(platform, "", words)
            .filter(found -> !found.equals(expected))
            .isPresent()) {
          return false;
        }
      }
    }
    return true;
  }

  private static Map<String, Place> byOrder(
      List<StacAsset> files, Platform platform, boolean forDisplay) {
    int bands = platform.bands().size();
    List<StacAsset> ofKind =
        files.stream().filter(file -> file.isForDisplay() == forDisplay).toList();
    List<StacAsset> fitting =
        ofKind.stream()
            .filter(file -> file.bands().isEmpty() || file.bands().size() == bands)
            .filter(file -> namesNothing(file) && describesNoOther(file, platform))
            .toList();
    List<Predicate<StacAsset>> kinds =
        List.of(
            file -> file.name().equals("data"),
            file -> !file.bands().isEmpty(),
            file -> ofKind.size() == 1);
    Map<String, Place> places = new HashMap<>();
    for (Predicate<StacAsset> kind : kinds) {
      List<StacAsset> found = fitting.stream().filter(kind).toList();
      for (int i = 0; i < bands && found.size() == 1 && places.size() < bands; i++) {
        places.put(platform.bands().get(i).name(), new Place(found.get(0), i));
      }
    }
    return places;
  }

  private static BandAsset locate(StacItem item, String band, Place place) throws SceneException {
    StacAsset file = place.asset;
    if (file.contradiction().isPresent()) {
      throw SceneException.permanent(
          item.key(),
          "asset %s: expected lists of bands that agree, found that %s: correct the wrong one"
              .formatted(Printable.of(file.name()), Printable.of(file.contradiction().get())));
    }
    Optional<StacBand> own = file.bands().stream().skip(place.index).findFirst();
    OptionalDouble nodata = own.map(StacBand::nodata).orElse(OptionalDouble.empty());
    return new BandAsset(
        band,
        ObjectRef.resolve(item.key(), file.href()),
        place.index + 1,
        nodata.isPresent() ? nodata : file.nodata(),
        own.flatMap(StacBand::scale).or(file::scale),
        own.filter(described -> !(described.name() + described.commonName()).isEmpty()).isEmpty(),
        words(item, file, own),
        described(file, own));
  }

  private static BandAsset.Described described(StacAsset file, Optional<StacBand> band) {
    List<StacBand> named =
        file.bands().stream()
            .filter(other -> !other.names().isEmpty())
            .filter(other -> other.names().stream().noneMatch(BandWords::isOfNoSensor))
            .toList();
    return new BandAsset.Described(
        named.size(),
        Stream.concat(
                band.map(StacBand::names).orElse(List.of()).stream(),
                file.bands().size() < 2 ? Stream.of(file.name()) : Stream.empty())
            .toList());
  }

  /** Returns what an item states about the values of a band, with the name of its collection. */
  private static List<String> words(StacItem item, StacAsset file, Optional<StacBand> band) {
    return Stream.of(
            band.map(StacBand::words).orElse(List.of()),
            file.words(),
            List.of("collection " + item.collection()))
        .flatMap(List::stream)
        .toList();
  }

  private static double gsd(StacItem item, Platform platform, Collection<Place> places) {
    return places.stream()
        .map(place -> place.asset.gsd().isPresent() ? place.asset.gsd() : item.gsd())
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .min()
        .orElse(platform.gsd());
  }
}

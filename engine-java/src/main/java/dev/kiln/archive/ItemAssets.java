package dev.kiln.archive;

import dev.kiln.fault.SceneFault;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Which file of a STAC item holds which band of a platform. A band is found, in this order, as the
 * asset of its name, as the one asset with a single band of that name or common name, and as a band
 * of a larger file. If none is found so, a file with as many bands as the platform, or with bands
 * that the item does not describe, is taken in the platform's order: the asset {@code data}, the
 * one described file, or the only one.
 *
 * <p>Only TIFFs count; the JPEG 2000 twins in Sentinel-2 items ({@code red-jp2}) never do.
 *
 * @param bands in the platform's order
 * @param mask the classification that masks chips, where the platform has one and the item too
 * @param gsd metres per pixel of the finest band: the item's word, or else the platform's
 */
public record ItemAssets(List<BandAsset> bands, Optional<BandAsset> mask, double gsd) {

  /** Scene classification of Sentinel-2; quality bits of Landsat. */
  private static final Map<String, String> MASKS =
      Map.of("sentinel-2-l2a", "scl", "landsat-c2l1", "qa_pixel", "landsat-c2l2-sr", "qa_pixel");

  private record Place(StacAsset asset, int index) {}

  public ItemAssets {
    bands = List.copyOf(bands);
  }

  /**
   * Maps a platform's bands.
   *
   * @throws SceneFault (permanent) if a band is missing or could be several, a file's CRS is not
   *     stated, or a file lies out of reach
   */
  public static ItemAssets map(StacItem item, Platform platform) throws SceneFault {
    List<StacAsset> files = item.assets().values().stream().filter(StacAsset::isTiff).toList();
    List<Place> places = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Band band : platform.bands()) {
      Optional<Place> place = find(item, files, band.name());
      place.ifPresentOrElse(places::add, () -> missing.add(band.name()));
    }
    if (places.isEmpty()) {
      places.addAll(byOrder(files, platform));
    }
    if (places.size() < platform.bands().size()) {
      throw SceneFault.permanent(
          item.key(),
          "no asset for "
              + String.join(", ", missing)
              + " of "
              + platform.name()
              + " (assets: "
              + String.join(", ", files.stream().map(StacAsset::name).toList())
              + ")");
    }
    List<BandAsset> bands = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      bands.add(locate(item, platform.bands().get(i).name(), places.get(i)));
    }
    Optional<StacAsset> mask =
        Optional.ofNullable(MASKS.get(platform.name()))
            .map(item.assets()::get)
            .filter(StacAsset::isTiff);
    return new ItemAssets(
        bands,
        mask.isPresent()
            ? Optional.of(locate(item, mask.get().name(), new Place(mask.get(), 0)))
            : Optional.empty(),
        gsd(item, platform, places));
  }

  private static Optional<Place> find(StacItem item, List<StacAsset> files, String band)
      throws SceneFault {
    for (StacAsset file : files) {
      if (file.name().equalsIgnoreCase(band) && file.bands().size() <= 1) {
        return Optional.of(new Place(file, 0));
      }
    }
    Optional<Place> single = only(item, files, band, file -> file.bands().size() == 1);
    return single.isPresent() ? single : only(item, files, band, file -> file.bands().size() > 1);
  }

  /** The one file of a kind that has a band of this name; one for display only for want of data. */
  private static Optional<Place> only(
      StacItem item, List<StacAsset> files, String band, Predicate<StacAsset> kind)
      throws SceneFault {
    for (boolean display : new boolean[] {false, true}) {
      List<Place> found =
          files.stream()
              .filter(kind)
              .filter(file -> file.isForDisplay() == display)
              .flatMap(file -> indexOf(file, band).stream())
              .toList();
      if (found.size() > 1) {
        throw SceneFault.permanent(
            item.key(),
            "band "
                + band
                + " could be any of the assets "
                + String.join(", ", found.stream().map(place -> place.asset.name()).toList()));
      }
      if (!found.isEmpty()) {
        return Optional.of(found.get(0));
      }
    }
    return Optional.empty();
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

  private static List<Place> byOrder(List<StacAsset> files, Platform platform) {
    int bands = platform.bands().size();
    List<StacAsset> fitting =
        files.stream()
            .filter(file -> file.bands().isEmpty() || file.bands().size() == bands)
            .toList();
    Predicate<StacAsset> isData = file -> file.name().equals("data");
    Predicate<StacAsset> isDescribed = file -> !file.bands().isEmpty() && !file.isForDisplay();
    for (Predicate<StacAsset> kind : List.of(isData, isDescribed, file -> files.size() == 1)) {
      List<StacAsset> found = fitting.stream().filter(kind).toList();
      if (found.size() == 1) {
        return IntStream.range(0, bands).mapToObj(i -> new Place(found.get(0), i)).toList();
      }
    }
    return List.of();
  }

  private static BandAsset locate(StacItem item, String band, Place place) throws SceneFault {
    StacAsset file = place.asset;
    if (file.crs().isEmpty()) {
      throw SceneFault.permanent(
          item.key(),
          "no projection fields (proj:epsg, proj:code or proj:wkt2) for asset " + file.name());
    }
    OptionalDouble own =
        place.index < file.bands().size()
            ? file.bands().get(place.index).nodata()
            : OptionalDouble.empty();
    OptionalDouble nodata = own.isPresent() ? own : file.nodata();
    return new BandAsset(band, ObjectRef.resolve(item.key(), file.href()), place.index + 1, nodata);
  }

  private static double gsd(StacItem item, Platform platform, List<Place> places) {
    return places.stream()
        .map(place -> place.asset.gsd().isPresent() ? place.asset.gsd() : item.gsd())
        .filter(OptionalDouble::isPresent)
        .mapToDouble(OptionalDouble::getAsDouble)
        .min()
        .orElse(platform.gsd());
  }
}

package dev.kiln.sample;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** STAC item of a Sentinel-2 scene, in the form of {@code sentinel-cogs}. */
final class Sentinel2Item {
  private static final String BUCKET = "https://sentinel-cogs.s3.us-west-2.amazonaws.com/";

  private Sentinel2Item() {}

  /**
   * Returns the item as JSON in UTF-8.
   *
   * @param scene scene
   * @param grid grid of the 10 m bands
   * @param clouds share of cloudy pixels
   * @param nodata share of pixels outside the swath
   */
  static byte[] json(Sentinel2Scene scene, Window grid, double clouds, double nodata) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("type", "Feature");
    item.put("stac_version", "1.0.0");
    item.put("id", scene.id());
    item.put(
        "stac_extensions",
        List.of(
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
            "https://stac-extensions.github.io/grid/v1.0.0/schema.json"));
    item.put("properties", properties(scene, clouds, nodata));
    List<double[]> ring = footprint(scene, grid);
    item.put("geometry", Map.of("type", "Polygon", "coordinates", List.of(ring)));
    item.put("bbox", bounds(ring));
    item.put("collection", "sentinel-2-l2a");
    item.put(
        "links",
        List.of(
            ordered(
                "rel", "canonical",
                "href", "s3://sentinel-cogs/" + scene.key(),
                "type", "application/json")));
    item.put("assets", assets(scene, grid));
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(item);
  }

  private static Map<String, Object> properties(
      Sentinel2Scene scene, double clouds, double nodata) {
    Instant processed = scene.datetime().truncatedTo(ChronoUnit.DAYS).plus(20, ChronoUnit.HOURS);
    return ordered(
        "created",
        processed.toString(),
        "platform",
        "sentinel-2" + Character.toLowerCase(scene.satellite()),
        "constellation",
        "sentinel-2",
        "instruments",
        List.of("msi"),
        "eo:cloud_cover",
        100 * clouds,
        "proj:epsg",
        scene.utm().epsgWgs84(),
        "grid:code",
        "MGRS-" + scene.square().name(),
        "s2:nodata_pixel_percentage",
        100 * nodata,
        "s2:processing_baseline",
        "05.09",
        "earthsearch:boa_offset_applied",
        true,
        "datetime",
        scene.datetime().toString());
  }

  private static Map<String, Object> assets(Sentinel2Scene scene, Window grid) {
    Map<String, Object> assets = new LinkedHashMap<>();
    for (Sentinel2Band band : Sentinel2Band.values()) {
      double metres = band.metres();
      assets.put(
          band.commonName(),
          ordered(
              "href", BUCKET + scene.key(band.file() + ".tif"),
              "type", "image/tiff; application=geotiff; profile=cloud-optimized",
              "proj:shape", List.of(grid.height() / band.repeat(), grid.width() / band.repeat()),
              "proj:transform", List.of(metres, 0.0, grid.west(), 0.0, -metres, grid.north()),
              "raster:bands",
                  List.of(
                      ordered(
                          "nodata",
                          0,
                          "data_type",
                          band == Sentinel2Band.SCL ? "uint8" : "uint16",
                          "spatial_resolution",
                          metres)),
              "roles", List.of("data", "reflectance")));
      assets.put(
          band.commonName() + "-jp2",
          ordered(
              "href", originalKey(scene, band),
              "type", "image/jp2",
              "roles", List.of("data")));
    }
    return assets;
  }

  /** Returns the key of ESA's original file, which is in another bucket. */
  private static String originalKey(Sentinel2Scene scene, Sentinel2Band band) {
    String tile = scene.square().name();
    int letters = tile.length() - 3;
    return "s3://sentinel-s2-l2a/tiles/%s/%s/%s/%d/%d/%d/0/R%dm/%s.jp2"
        .formatted(
            tile.substring(0, letters),
            tile.charAt(letters),
            tile.substring(letters + 1),
            scene.acquired().getYear(),
            scene.acquired().getMonthValue(),
            scene.acquired().getDayOfMonth(),
            band.metres(),
            band.file());
  }

  /** Returns the closed ring of (longitude, latitude), counter-clockwise. */
  private static List<double[]> footprint(Sentinel2Scene scene, Window grid) {
    Utm utm = scene.utm();
    List<double[]> ring = new ArrayList<>();
    for (double[] corner : Sentinel2Scene.footprint()) {
      ring.add(
          utm.toDegrees(
              grid.west() + corner[0] * grid.width() * grid.pixel(),
              grid.north() - corner[1] * grid.height() * grid.pixel()));
    }
    ring.add(ring.get(0));
    return ring;
  }

  private static double[] bounds(List<double[]> ring) {
    return new double[] {
      ring.stream().mapToDouble(p -> p[0]).min().orElseThrow(),
      ring.stream().mapToDouble(p -> p[1]).min().orElseThrow(),
      ring.stream().mapToDouble(p -> p[0]).max().orElseThrow(),
      ring.stream().mapToDouble(p -> p[1]).max().orElseThrow()
    };
  }

  /** Returns a map in the order of the given alternating keys and values. */
  private static Map<String, Object> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}

package dev.kiln.run;

import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A small scene of a STAC archive: an item and its files, which tests change before they are
 * written.
 */
public final class StacScene {
  static final double EAST = 500_000;
  static final double NORTH = 5_200_000;

  final String id;
  public final ObjectNode item = JsonMapper.shared().createObjectNode();
  public final Map<String, GeoTiffs> files = new LinkedHashMap<>();

  StacScene(String id, String collection) {
    this.id = id;
    item.put("type", "Feature");
    item.put("stac_version", "1.0.0");
    item.put("id", id);
    item.put("collection", collection);
    item.putNull("geometry");
    properties().put("datetime", "2024-03-11T14:14:33.123Z");
    item.putObject("assets");
  }

  /**
   * Returns 2 × 2 chips of 256 px at 10 m and a remainder, with six bands and the mask at 20 m; all
   * clear.
   */
  public static StacScene sentinel2(String id) {
    StacScene scene = new StacScene(id, "sentinel-2-l2a");
    List<String> coarse = List.of("rededge1", "rededge2", "rededge3", "nir08", "swir16", "swir22");
    int seed = 1;
    for (String band :
        List.of(
            "blue",
            "green",
            "red",
            "rededge1",
            "rededge2",
            "rededge3",
            "nir",
            "nir08",
            "swir16",
            "swir22")) {
      int step = coarse.contains(band) ? 2 : 1;
      scene.asset(band, 10 * step, 540 / step, 530 / step).type("uint16").seed(seed++);
    }
    scene.asset("scl", 20, 270, 265).pixels((b, x, y) -> 4);
    return scene;
  }

  /** Returns 2 × 2 chips of 256 px at 30 m and a remainder, with a mask; all clear. */
  static StacScene landsat(String id) {
    StacScene scene = new StacScene(id, "landsat-c2l2-sr");
    int seed = 1;
    for (String band : List.of("red", "green", "blue", "nir08", "swir16", "swir22")) {
      int first = 9000 + 100 * seed++;
      scene
          .asset(band, 30, 540, 530)
          .type("uint16")
          .pixels((b, x, y) -> first + (71 * x + 133 * y + x * y) % 9000);
    }
    scene.asset("qa_pixel", 30, 540, 530).type("uint16").pixels((b, x, y) -> 21824);
    return scene;
  }

  public ObjectNode properties() {
    return item.withObjectProperty("properties");
  }

  public ObjectNode asset(String name) {
    return item.withObjectProperty("assets").withObjectProperty(name);
  }

  /** Adds a uint8 asset with one band. */
  GeoTiffs asset(String name, double metres, int columns, int rows) {
    asset(name)
        .put("href", name + ".tif")
        .put("type", "image/tiff; application=geotiff; profile=cloud-optimized")
        .put("proj:epsg", 32614);
    asset(name).putArray("proj:shape").add(rows).add(columns);
    GeoTiffs file =
        GeoTiffs.naip()
            .bands(1)
            .size(columns, rows)
            .geotransform(EAST, metres, 0, NORTH, 0, -metres);
    files.put(name, file);
    return file;
  }

  /** Omits the file of an asset, which stays in the item. */
  StacScene without(String name) {
    files.remove(name);
    return this;
  }

  String key() {
    return "scenes/" + id + "/" + id + ".json";
  }

  /** Writes the item and its files. */
  StacScene write(Path source) throws IOException {
    Path directory = source.resolve(key()).getParent();
    Files.createDirectories(directory);
    Files.writeString(source.resolve(key()), item.toPrettyString());
    for (Map.Entry<String, GeoTiffs> file : files.entrySet()) {
      file.getValue().write(directory.resolve(file.getKey() + ".tif"));
    }
    return this;
  }
}

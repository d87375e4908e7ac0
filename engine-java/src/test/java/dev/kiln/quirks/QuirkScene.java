package dev.kiln.quirks;

import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A STAC item of a few chips and its files, to be made quirky before it is written. */
final class QuirkScene {
  static final int CHIP = 16;
  static final double EAST = 500_000;
  static final double NORTH = 5_200_000;

  int width = 2 * CHIP;
  int height = CHIP;
  final ObjectNode item = JsonMapper.shared().createObjectNode();
  final Map<String, GeoTiffs> files = new LinkedHashMap<>();
  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<String, GeoTiffs> images = new LinkedHashMap<>();

  /** Name of the only file of a scene without an item; empty for an item. */
  private String alone = "";

  private QuirkScene() {
    item.put("type", "Feature");
    item.put("stac_version", "1.0.0");
    item.put("id", "scene");
    item.put("collection", "test");
    item.putNull("geometry");
    properties().put("datetime", "2023-06-15T10:30:00Z");
    properties().put("proj:epsg", 32614);
    item.putObject("assets");
  }

  /** Returns a scene without files, of a size in pixels of its finest band. */
  static QuirkScene sized(int width, int height) {
    QuirkScene scene = new QuirkScene();
    scene.width = width;
    scene.height = height;
    return scene;
  }

  /** Returns a scene of one file, of two chips across and one down. */
  static QuirkScene of(String type, double metres, List<String> bands, GeoTiffs.Pixels pixels) {
    QuirkScene scene = new QuirkScene();
    scene.properties().put("gsd", metres);
    scene.add("data", type, metres, bands, pixels);
    return scene;
  }

  /** Adds a file on the same grid. */
  QuirkScene add(
      String name, String type, double metres, List<String> bands, GeoTiffs.Pixels pixels) {
    ObjectNode asset = item.withObjectProperty("assets").putObject(name);
    asset.put("href", name + ".tif");
    asset.put("type", "image/tiff; application=geotiff");
    asset.putArray("roles").add("data");
    if (!bands.isEmpty()) {
      ArrayNode described = asset.putArray("eo:bands");
      bands.forEach(band -> described.addObject().put("name", band).put("common_name", band));
    }
    files.put(
        name,
        GeoTiffs.naip()
            .bands(Math.max(1, bands.size()))
            .type(type)
            .size(width, height)
            .geotransform(EAST, metres, 0, NORTH, 0, -metres)
            .option("BLOCKXSIZE=16")
            .option("BLOCKYSIZE=16")
            .pixels(pixels));
    return this;
  }

  ObjectNode properties() {
    return item.withObjectProperty("properties");
  }

  ObjectNode asset(String name) {
    return item.withObjectProperty("assets").withObjectProperty(name);
  }

  /** Changes the only or first file. */
  QuirkScene file(Consumer<GeoTiffs> change) {
    change.accept(files.values().iterator().next());
    return this;
  }

  /** Adds a text in the directory of the scene. */
  QuirkScene beside(String name, String text) {
    texts.put(name, text);
    return this;
  }

  /** Adds an image in the directory of the scene. */
  QuirkScene beside(String name, GeoTiffs image) {
    images.put(name, image);
    return this;
  }

  /** Leaves out the item: the first file alone is the scene. */
  QuirkScene alone(String name) {
    alone = name;
    return this;
  }

  QuirkScene item(Consumer<QuirkScene> change) {
    change.accept(this);
    return this;
  }

  /** Writes the item and its files; returns the scene key. */
  String write(Path source, String name) throws IOException {
    Path directory = Files.createDirectories(source.resolve(name));
    if (!alone.isEmpty()) {
      files.values().iterator().next().write(directory.resolve(alone));
      return name + "/" + alone;
    }
    for (Map.Entry<String, GeoTiffs> file : files.entrySet()) {
      file.getValue().write(directory.resolve(file.getKey() + ".tif"));
    }
    for (Map.Entry<String, String> text : texts.entrySet()) {
      Files.writeString(directory.resolve(text.getKey()), text.getValue());
    }
    for (Map.Entry<String, GeoTiffs> image : images.entrySet()) {
      image.getValue().write(directory.resolve(image.getKey()));
    }
    Files.writeString(directory.resolve("scene.json"), item.toString());
    return name + "/scene.json";
  }
}

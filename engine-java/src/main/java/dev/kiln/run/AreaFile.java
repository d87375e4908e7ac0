package dev.kiln.run;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.ObjectSource;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.raster.PolygonFile;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.locationtech.jts.geom.Geometry;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads an area from a file: GeoJSON, GeoParquet, or GeoPackage, FlatGeobuf and Shapefile through
 * GDAL, in any CRS. The first bytes of a file determine its format.
 */
public final class AreaFile {
  /** Size limit of a file in bytes. */
  private static final int MAX_BYTES = 256 << 20;

  /** Files beside a Shapefile: index, attributes and CRS. */
  private static final List<String> SHAPEFILE = List.of(".shx", ".dbf", ".prj");

  private AreaFile() {}

  /**
   * Reads an area.
   *
   * @param option the option that names the file, for messages
   * @param uri a path, or the URI of an object
   * @param options how a store is reached
   * @return the union of the file's polygons
   * @throws ConfigurationException if there is no such file, its format or CRS is unknown, or it
   *     has no polygons or invalid ones
   * @throws IOException if the file cannot be read
   */
  public static AreaOfInterest read(String option, String uri, StoreOptions options)
      throws IOException {
    String where = option + " " + uri;
    byte[] bytes;
    try {
      bytes = bytes(where, uri, options);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(where + ": file not found", e);
    }
    if (startsWith(bytes, "PAR1")) {
      return AreaOfInterest.of(where, geoParquet(where, bytes));
    }
    if (isJson(bytes)) {
      String crs = geoJsonCrs(where, bytes);
      return crs.isEmpty()
          ? AreaOfInterest.read(name -> new ByteArrayInputStream(bytes), option, uri)
          : AreaOfInterest.of(where, PolygonFile.read(where, ".json", Map.of(".json", bytes)));
    }
    Map<String, byte[]> files = new LinkedHashMap<>();
    String suffix = suffix(uri);
    files.put(suffix, bytes);
    if (suffix.equals(".shp")) {
      String stem = uri.substring(0, uri.length() - suffix.length());
      for (String beside : SHAPEFILE) {
        try {
          files.put(beside, bytes(where, stem + beside, options));
        } catch (NoSuchFileException e) {
          throw new ConfigurationException(
              where + ": expected a file with the suffix " + beside + " beside it, found none", e);
        }
      }
    }
    return AreaOfInterest.of(where, PolygonFile.read(where, suffix, files));
  }

  private static byte[] bytes(String where, String uri, StoreOptions options) throws IOException {
    ObjectSource objects = name -> ObjectStores.stream(name, options);
    try {
      return objects.read(uri, "a file", MAX_BYTES);
    } catch (SceneException e) {
      throw new ConfigurationException(where + ": " + e.reason(), e);
    }
  }

  private static String suffix(String uri) {
    String path = uri.contains("://") ? uri.replaceFirst("[?#].*", "") : uri;
    String name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    return name.indexOf('.') < 0 ? "" : name.substring(name.lastIndexOf('.'));
  }

  private static boolean startsWith(byte[] bytes, String magic) {
    return bytes.length >= magic.length()
        && new String(bytes, 0, magic.length(), StandardCharsets.ISO_8859_1).equals(magic);
  }

  /** Returns whether the first character, after spaces and a byte order mark, opens an object. */
  private static boolean isJson(byte[] bytes) {
    int i = startsWith(bytes, "\u00EF\u00BB\u00BF") ? 3 : 0;
    while (i < bytes.length && Character.isWhitespace(bytes[i])) {
      i++;
    }
    return i == bytes.length || bytes[i] == '{' || bytes[i] == '[';
  }

  /** Returns the CRS that old GeoJSON names; empty for longitude and latitude on WGS84. */
  private static String geoJsonCrs(String where, byte[] bytes) {
    try {
      JsonNode crs = JsonMapper.shared().readTree(bytes).path("crs");
      String name = crs.path("properties").path("name").asString("");
      boolean degrees = name.endsWith("CRS84") || name.matches("(?i).*EPSG:+4326");
      return degrees || !crs.isObject() ? "" : name.isEmpty() ? "unnamed" : name;
    } catch (JacksonException e) {
      throw new ConfigurationException(where + ": not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static List<Geometry> geoParquet(String where, byte[] bytes) {
    try {
      EmbeddingFile file = EmbeddingFile.open(new InMemory(where, bytes));
      JsonNode geo = JsonMapper.shared().readTree(file.footer().getOrDefault("geo", "{}"));
      String column = geo.path("primary_column").asString("geometry");
      JsonNode description = geo.path("columns").path(column);
      if (!file.has(column) || !description.path("encoding").asString("WKB").equals("WKB")) {
        throw new ConfigurationException(
            where + ": expected GeoParquet with a column of WKB geometries, found none");
      }
      List<Geometry> geometries = new ArrayList<>();
      for (Object wkb : file.values(column)) {
        if (wkb instanceof byte[] value) {
          geometries.add(PolygonFile.wkb(where, value));
        }
      }
      JsonNode crs = description.path("crs");
      // GeoParquet: no CRS is OGC:CRS84, null is unknown.
      if (description.has("crs") && crs.isNull()) {
        throw new ConfigurationException(where + ": expected a CRS, found none");
      }
      return PolygonFile.toLonLat(where, crs.isObject() ? crs.toString() : "OGC:CRS84", geometries);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          where + ": expected JSON under the footer key geo: " + e.getOriginalMessage(), e);
    }
  }

  /** A Parquet file in memory. */
  private record InMemory(String name, byte[] bytes) implements ParquetBytes {
    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public ByteBuffer read(long offset, int length) {
      return ByteBuffer.wrap(
          Arrays.copyOfRange(bytes, (int) offset, Math.addExact((int) offset, length)));
    }

    @Override
    public void close() {
      // Memory needs no closing.
    }
  }
}

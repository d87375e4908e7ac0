package dev.kiln.explore;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The files of the page, by path: a fixed list, so that no path leads to any other file. Leaflet
 * comes from its WebJar.
 */
final class Assets {
  private static final String LEAFLET = "/META-INF/resources/webjars/leaflet/1.9.4/dist/";
  private static final String SCRIPT = "text/javascript; charset=utf-8";
  private static final String STYLE = "text/css; charset=utf-8";

  /**
   * A file.
   *
   * @param mediaType such as {@code text/css; charset=utf-8}
   * @param bytes its contents; not to be changed
   */
  record Asset(String mediaType, byte[] bytes) {}

  private static final Map<String, String[]> FILES = new LinkedHashMap<>();

  static {
    own("/", "index.html", "text/html; charset=utf-8");
    own("/style.css", "style.css", STYLE);
    own("/icon.svg", "icon.svg", "image/svg+xml");
    for (String module : new String[] {"app", "api", "chips", "map", "panel"}) {
      own("/js/" + module + ".js", module + ".js", SCRIPT);
    }
    FILES.put("/lib/leaflet.js", new String[] {LEAFLET + "leaflet-src.esm.js", SCRIPT});
    FILES.put("/lib/leaflet.css", new String[] {LEAFLET + "leaflet.css", STYLE});
  }

  private final Map<String, Asset> assets = new LinkedHashMap<>();

  private static void own(String path, String file, String mediaType) {
    FILES.put(path, new String[] {"/dev/kiln/explore/" + file, mediaType});
  }

  /** Reads all files. */
  Assets() throws IOException {
    for (Map.Entry<String, String[]> file : FILES.entrySet()) {
      String resource = file.getValue()[0];
      try (InputStream in = Assets.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IllegalStateException("resource " + resource + " is missing");
        }
        assets.put(file.getKey(), new Asset(file.getValue()[1], in.readAllBytes()));
      }
    }
  }

  /** Returns the file at a path. */
  Optional<Asset> at(String path) {
    return Optional.ofNullable(assets.get(path));
  }
}

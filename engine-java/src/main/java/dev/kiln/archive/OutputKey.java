package dev.kiln.archive;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of output files: the path of the scene, with the suffix {@code .parquet}. */
public final class OutputKey {
  private static final String SUFFIX = ".parquet";

  /** Suffixes of items and images; a scene's name may have other dots. */
  private static final List<String> KNOWN = List.of(".geojson", ".json", ".tiff", ".tif", ".vrt");

  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://");

  private OutputKey() {}

  /**
   * Returns the output key of a scene: {@code a/b/x.tif} becomes {@code a/b/x.parquet}. Only the
   * suffixes of items and images are replaced. Scheme and query of a whole URI are dropped, and its
   * host or bucket is kept.
   *
   * @param sceneKey key of the scene in its source, or its whole URI
   * @return the key of its file, relative to the output
   * @throws IllegalArgumentException if the key is absolute, or has empty segments, {@code .},
   *     {@code ..} or control characters
   */
  public static String of(String sceneKey) {
    String path = withoutSchemeAndQuery(sceneKey);
    int start = 0;
    for (int i = 0; i <= path.length(); i++) {
      if (i == path.length() || path.charAt(i) == '/') {
        String segment = path.substring(start, i);
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
          throw invalid(sceneKey);
        }
        start = i + 1;
      } else if (Character.isISOControl(path.charAt(i))) {
        throw invalid(sceneKey);
      }
    }
    return path.substring(0, path.length() - suffix(path).length()) + SUFFIX;
  }

  /** Almost all keys have neither, and lists have millions of keys. */
  private static String withoutSchemeAndQuery(String sceneKey) {
    if (sceneKey.indexOf("://") < 0) {
      return sceneKey;
    }
    Matcher scheme = SCHEME.matcher(sceneKey);
    return scheme.lookingAt()
        ? sceneKey.substring(scheme.end()).replaceFirst("[?#].*", "")
        : sceneKey;
  }

  /** The kind of keys that can have the same output as others of their kind. */
  static final String AMBIGUOUS = "?";

  /**
   * Returns the kind of a key: its scheme and its known suffix. Two keys of one kind never have the
   * same output, unless the kind is {@link #AMBIGUOUS}: outputs drop the query of a URI.
   *
   * @param sceneKey key of a scene
   */
  static String kind(String sceneKey) {
    if (sceneKey.indexOf("://") < 0) {
      return suffix(sceneKey);
    }
    Matcher scheme = SCHEME.matcher(sceneKey);
    if (!scheme.lookingAt()) {
      return suffix(sceneKey);
    }
    return sceneKey.indexOf('?') >= 0 || sceneKey.indexOf('#') >= 0
        ? AMBIGUOUS
        : scheme.group() + suffix(sceneKey);
  }

  /**
   * Returns the known suffix of a key, as written; empty if it has none.
   *
   * @param sceneKey key of a scene
   */
  static String suffix(String sceneKey) {
    int name = sceneKey.lastIndexOf('/') + 1;
    for (String known : KNOWN) {
      int at = sceneKey.length() - known.length();
      if (at > name && sceneKey.charAt(at) == '.') {
        String found = sceneKey.substring(at);
        if (found.toLowerCase(Locale.ROOT).equals(known)) {
          return found;
        }
      }
    }
    return "";
  }

  private static IllegalArgumentException invalid(String sceneKey) {
    return new IllegalArgumentException(
        "expected the key of a scene, relative and without empty segments, '.', '..' and control"
            + " characters, found '"
            + sceneKey
            + "'");
  }
}

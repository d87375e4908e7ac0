package dev.kiln.sink;

import java.util.Arrays;

/** Where a scene's embeddings lie under the output: the scene's own path, as Parquet. */
public final class OutputKey {
  private static final String SUFFIX = ".parquet";

  private OutputKey() {}

  /**
   * The scene's key with its suffix, if it has one, replaced: {@code a/b/x.tif} becomes {@code
   * a/b/x.parquet}. Only the last dot of the last segment starts a suffix, and a leading one does
   * not.
   *
   * @throws IllegalArgumentException if the key names no object below the output
   */
  public static String of(String sceneKey) {
    String name = sceneKey.substring(sceneKey.lastIndexOf('/') + 1);
    if (name.isEmpty()
        || sceneKey.startsWith("/")
        || Arrays.asList(sceneKey.split("/")).contains("..")) {
      throw new IllegalArgumentException(
          "expected the key of a scene, relative and without '..', found '" + sceneKey + "'");
    }
    int dot = name.lastIndexOf('.');
    int cut = dot > 0 ? name.length() - dot : 0;
    return sceneKey.substring(0, sceneKey.length() - cut) + SUFFIX;
  }
}

package dev.kiln.sink;

import java.util.Arrays;

/** Keys of scenes' files in the output: the path of the scene, with the suffix of Parquet. */
public final class OutputKey {
  private static final String SUFFIX = ".parquet";

  private OutputKey() {}

  /**
   * Returns the key of a scene's file: the scene key with its suffix replaced, so that {@code
   * a/b/x.tif} becomes {@code a/b/x.parquet}. A suffix starts at the last dot of the last segment,
   * unless that dot is its first character.
   *
   * @throws IllegalArgumentException if the key would name an object outside the output
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

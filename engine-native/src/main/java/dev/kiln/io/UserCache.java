package dev.kiln.io;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Directories for what Kiln can make or fetch again, each of which belongs to one user. */
public final class UserCache {
  private UserCache() {}

  /**
   * {@return a directory of this user; need not exist} It is in the directory that the system
   * property {@code kiln.cache} names; else in {@code kiln} in the user's cache directory ({@code
   * XDG_CACHE_HOME}, {@code ~/.cache}); else, for users without a home that can be written, in a
   * temporary directory with the user's name.
   *
   * @param name of the directory
   */
  public static Path directory(String name) {
    String named = System.getProperty("kiln.cache");
    return named != null
        ? Path.of(named, name)
        : directory(
                System.getenv(),
                System.getProperty("user.home"),
                System.getProperty("java.io.tmpdir"),
                System.getProperty("user.name"))
            .resolve(name);
  }

  static Path directory(
      Map<String, String> environment, String home, String temporary, String user) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!caches.isEmpty()) {
      return Path.of(caches, "kiln");
    }
    Path inHome = Path.of(home == null ? "?" : home, ".cache");
    if (inHome.isAbsolute() && isWritable(inHome)) {
      return inHome.resolve("kiln");
    }
    return Path.of(temporary, "kiln-" + user.replaceAll("[^A-Za-z0-9._-]", "_"));
  }

  /** Returns whether a directory, or the nearest one above it that exists, can be written. */
  private static boolean isWritable(Path directory) {
    for (Path at = directory; at != null; at = at.getParent()) {
      if (Files.exists(at)) {
        return Files.isDirectory(at) && Files.isWritable(at);
      }
    }
    return false;
  }
}

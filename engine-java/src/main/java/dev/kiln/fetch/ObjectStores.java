package dev.kiln.fetch;

import dev.kiln.fault.ConfigurationFault;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/** Opens the store that a URI names. */
public final class ObjectStores {
  private ObjectStores() {}

  /**
   * @param uri {@code file:…} or a plain path
   * @throws ConfigurationFault if no store serves such a URI
   */
  public static ObjectStore open(String uri) {
    return new FileObjectStore(uri, localPath(uri));
  }

  /**
   * The path that a {@code file:} URI or a plain path means.
   *
   * @throws ConfigurationFault for any other scheme
   */
  public static Path localPath(String uri) {
    int colon = uri.indexOf(':');
    String scheme = colon > 1 ? uri.substring(0, colon).toLowerCase(Locale.ROOT) : "file";
    if (!scheme.equals("file")) {
      throw new ConfigurationFault(
          uri + ": scheme '" + scheme + "' is not served; give a path or file: URI of a mirror");
    }
    String path = colon > 1 ? uri.substring(colon + 1).replaceFirst("^//(?=/)", "") : uri;
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw new ConfigurationFault(uri + ": not a path: " + e.getReason(), e);
    }
  }
}

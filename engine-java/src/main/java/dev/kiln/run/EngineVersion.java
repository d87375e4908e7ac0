package dev.kiln.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this build of Kiln, as the parent POM declares it, and its revision. */
public final class EngineVersion {
  private EngineVersion() {}

  /** {@return the version, for example {@code 0.1.0}} */
  public static String number() {
    return read("version");
  }

  /** {@return the first digits of the git revision; {@code unknown} outside a checkout} */
  public static String revision() {
    return read("revision");
  }

  private static String read(String name) {
    Properties properties = new Properties();
    try (InputStream resource = EngineVersion.class.getResourceAsStream("version.properties")) {
      properties.load(resource);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read version.properties of the kiln jar", e);
    }
    return properties.getProperty(name);
  }
}

package dev.kiln.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version of this build, as the parent pom names it. */
final class Version implements IVersionProvider {
  /** For example {@code 0.1.0}. */
  static String number() {
    Properties properties = new Properties();
    try (InputStream resource = Version.class.getResourceAsStream("version.properties")) {
      properties.load(resource);
    } catch (IOException e) {
      throw new UncheckedIOException("version.properties of the kiln jar", e);
    }
    return properties.getProperty("version");
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "kiln " + number(),
      "Java ${java.version} (${java.vendor}), ${os.name} ${os.version} ${os.arch}"
    };
  }
}

package dev.kiln.cli;

import dev.kiln.run.EngineVersion;
import picocli.CommandLine.IVersionProvider;

/** The lines that {@code --version} prints. */
final class Version implements IVersionProvider {
  /** Returns the version number, for example {@code 0.1.0}. */
  static String number() {
    return EngineVersion.number();
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "kiln " + number(),
      "Java ${java.version} (${java.vendor}), ${os.name} ${os.version} ${os.arch}"
    };
  }
}

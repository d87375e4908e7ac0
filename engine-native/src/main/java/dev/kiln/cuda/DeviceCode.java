package dev.kiln.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Kiln's own device code: CUDA C++ that travels with this class. */
public enum DeviceCode {
  /** Raw pixels to patch rows. */
  PATCHES("patches");

  private final String file;

  DeviceCode(String file) {
    this.file = file;
  }

  /** For errors and files. */
  public String title() {
    return file;
  }

  /** The whole source; it includes nothing. */
  public String source() {
    String resource = file + ".cu";
    try (InputStream in = DeviceCode.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not in this build of Kiln");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }
}

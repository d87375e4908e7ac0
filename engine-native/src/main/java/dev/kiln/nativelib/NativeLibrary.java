package dev.kiln.nativelib;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * A native library that is loaded at most once, with one error message if that fails. Thread-safe.
 */
public final class NativeLibrary {
  /** Kiln's own native code: tile decoder, patch rows, OpenMP and NVTX calls. */
  public static final NativeLibrary KILN =
      new NativeLibrary("Kiln's native code", () -> Loader.load(Kiln.class));

  private static final Pattern MISSING =
      Pattern.compile("\\blib([a-z]+)\\.so\\.(\\d+): cannot open");

  private final String title;
  private final Runnable loading;
  private boolean loaded;
  private LinkageError failure;

  /** Names the library file for JavaCPP, which extracts it from the jar. */
  @Platform(library = "kiln")
  private static final class Kiln {}

  /**
   * @param title what the library is, for messages
   * @param loading loads the library and prepares it for use
   */
  public NativeLibrary(String title, Runnable loading) {
    this.title = title;
    this.loading = loading;
  }

  /**
   * Opens the file of {@link #KILN}.
   *
   * @throws IOException if there is none for this platform
   */
  public static InputStream openKiln() throws IOException {
    String file = Loader.getPlatform() + "/" + System.mapLibraryName("kiln");
    InputStream code = NativeLibrary.class.getResourceAsStream(file);
    if (code == null) {
      throw new FileNotFoundException(file);
    }
    return code;
  }

  /**
   * Loads the library unless it is loaded already.
   *
   * @throws IllegalStateException if it cannot be loaded: one line with the reason and what to
   *     install. Later calls throw it again
   */
  public synchronized void load() {
    if (loaded) {
      return;
    }
    if (failure == null) {
      try {
        loading.run();
        loaded = true;
        return;
      } catch (LinkageError e) {
        failure = e;
      }
    }
    throw new IllegalStateException(explain(title, failure), failure);
  }

  /** The innermost cause is the message of the system's loader. */
  private static String explain(String title, LinkageError error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = String.valueOf(cause.getMessage());
    Matcher missing = MISSING.matcher(reason);
    String advice =
        missing.find()
            ? "apt-get install lib" + missing.group(1) + missing.group(2) + ", or rebuild Kiln here"
            : "rebuild Kiln on this machine";
    return "%s: cannot load the native library (%s): %s".formatted(title, reason, advice);
  }
}

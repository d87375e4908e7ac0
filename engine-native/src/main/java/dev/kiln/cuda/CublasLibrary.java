package dev.kiln.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/**
 * Finds and loads NVIDIA's libcublasLt and libcublas, which Maven Central does not carry. Searched
 * in this order: the directory that {@code KILN_CUBLAS} names, the dynamic loader's path ({@code
 * LD_LIBRARY_PATH}, {@code ldconfig}), CUDA toolkits below {@code /usr/local}, and the packages
 * that PyTorch installs.
 */
final class CublasLibrary {
  static final String MAJOR = "13";

  /** Both libraries in the order of loading: the second depends on the first. */
  private static final List<String> FILES =
      List.of("libcublasLt.so." + MAJOR, "libcublas.so." + MAJOR);

  private static final List<String> PYTHON =
      List.of("/usr/local/lib", "/usr/lib", "/opt/conda/lib", "/opt/venv/lib");

  private static Path location;

  private CublasLibrary() {}

  /**
   * Loads both libraries and JavaCPP's binding, once per process.
   *
   * @throws IllegalStateException if this machine has none of the expected version; the message is
   *     one line with the remedy
   */
  static synchronized void load() {
    if (location != null) {
      return;
    }
    CudaDriver.prepare();
    List<Path> directories = directories(System.getenv(), Path.of("/"));
    try {
      if (named(System.getenv()).isPresent() || !loadByName(directories)) {
        loadFrom(directories);
      }
      Loader.load(org.bytedeco.cuda.global.cublas.class);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          ("cuBLAS %s does not load (%s)%s: install CUDA %s or PyTorch for it, or set KILN_CUBLAS"
                  + " to the directory of %s")
              .formatted(
                  MAJOR, CudaDriver.first(e), otherVersion(directories), MAJOR, FILES.get(0)),
          e);
    }
    location = mapped().orElse(Path.of(FILES.get(0)));
  }

  /** Returns the file that was loaded; empty before {@link #load}. */
  static synchronized Optional<Path> location() {
    return Optional.ofNullable(location);
  }

  /** Loads the library through the dynamic loader; returns false if the loader does not find it. */
  private static boolean loadByName(List<Path> directories) {
    try {
      FILES.forEach(Loader::loadGlobal);
      return true;
    } catch (UnsatisfiedLinkError e) {
      if (directories.stream().noneMatch(CublasLibrary::complete)) {
        throw e;
      }
      return false;
    }
  }

  private static void loadFrom(List<Path> directories) {
    Path directory =
        directories.stream()
            .filter(CublasLibrary::complete)
            .findFirst()
            .orElseThrow(() -> new UnsatisfiedLinkError("not found in " + directories));
    FILES.forEach(file -> Loader.loadGlobal(directory.resolve(file).toString()));
  }

  private static boolean complete(Path directory) {
    return FILES.stream().allMatch(file -> Files.isRegularFile(directory.resolve(file)));
  }

  private static Optional<Path> named(Map<String, String> environment) {
    return Optional.ofNullable(environment.get("KILN_CUBLAS"))
        .filter(name -> !name.isEmpty())
        .map(Path::of);
  }

  /**
   * Returns the directories to search; with {@code KILN_CUBLAS} set, that one only.
   *
   * @param root of the file system; another in tests
   */
  static List<Path> directories(Map<String, String> environment, Path root) {
    Optional<Path> named = named(environment);
    if (named.isPresent()) {
      return List.of(named.get());
    }
    List<Path> found = new ArrayList<>();
    for (Path toolkit : matching(root.resolve("usr/local"), "cuda*")) {
      found.add(toolkit.resolve("lib64"));
      found.add(toolkit.resolve("targets/x86_64-linux/lib"));
    }
    List<Path> pythons = new ArrayList<>();
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      Optional.ofNullable(environment.get(variable))
          .ifPresent(prefix -> pythons.add(Path.of(prefix, "lib")));
    }
    PYTHON.forEach(directory -> pythons.add(root.resolve(directory.substring(1))));
    for (Path python : pythons) {
      for (Path version : matching(python, "python3*")) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          Path nvidia = version.resolve(packages).resolve("nvidia");
          found.add(nvidia.resolve("cu" + MAJOR).resolve("lib"));
          found.add(nvidia.resolve("cublas").resolve("lib"));
        }
      }
    }
    return found.stream().filter(Files::isDirectory).distinct().toList();
  }

  private static List<Path> matching(Path directory, String glob) {
    List<Path> entries = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
        stream.forEach(entries::add);
      } catch (IOException e) {
        return List.of();
      }
    }
    entries.sort(null);
    return entries;
  }

  /**
   * Returns an installed library of another major version, the usual reason for a missing library.
   */
  private static String otherVersion(List<Path> directories) {
    for (Path directory : directories) {
      for (Path file : matching(directory, "libcublasLt.so.[0-9]*")) {
        if (!file.getFileName().toString().startsWith(FILES.get(0))) {
          return ", found " + file;
        }
      }
    }
    return "";
  }

  private static Optional<Path> mapped() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("/libcublasLt.so."))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}

package dev.kiln.cuda;

import java.io.File;
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
 * A library of NVIDIA that Maven Central does not carry. Searched in this order: the directory that
 * its variable names, the dynamic loader's path ({@code LD_LIBRARY_PATH}, {@code ldconfig}), CUDA
 * toolkits below {@code /usr/local}, and the packages that PyTorch installs, also those of the
 * {@code python3} on the path.
 */
final class NvidiaLibrary {
  /** Matrix products. */
  static final NvidiaLibrary CUBLAS =
      new NvidiaLibrary(
          "cuBLAS 13",
          "KILN_CUBLAS",
          List.of("libcublasLt.so.13", "libcublas.so.13"),
          List.of(),
          "cublas",
          "CUDA 13",
          org.bytedeco.cuda.global.cublas.class);

  /** Fused attention. */
  static final NvidiaLibrary CUDNN =
      new NvidiaLibrary(
          "cuDNN 9",
          "KILN_CUDNN",
          List.of(
              "libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_cnn.so.9", "libcudnn_adv.so.9"),
          // It compiles kernels, and opens the compiler by name.
          List.of("libnvrtc.so.13"),
          "cudnn",
          "cuDNN 9 for CUDA 13",
          org.bytedeco.cuda.global.cudnn.class);

  private static final String TOOLKIT = "cu13";

  private static final List<String> PYTHON =
      List.of("/usr/local/lib", "/usr/lib", "/opt/conda/lib", "/opt/venv/lib");

  private final String name;
  private final String variable;
  private final List<String> files;
  private final List<String> opened;
  private final String directoryName;
  private final String product;
  private final Class<?> binding;
  private Path location;

  /**
   * Describes a library.
   *
   * @param name with major version, for messages
   * @param variable that names its directory
   * @param files in the order of loading: each depends on those before it
   * @param opened files that the library opens itself, but not in the directories searched here
   * @param directoryName of its package in Python's {@code site-packages/nvidia}
   * @param product that contains it, for messages
   * @param binding JavaCPP's
   */
  private NvidiaLibrary(
      String name,
      String variable,
      List<String> files,
      List<String> opened,
      String directoryName,
      String product,
      Class<?> binding) {
    this.name = name;
    this.variable = variable;
    this.files = files;
    this.opened = opened;
    this.directoryName = directoryName;
    this.product = product;
    this.binding = binding;
  }

  /**
   * Loads its files and JavaCPP's binding, once per process.
   *
   * @throws IllegalStateException if this machine has none of the expected version; the message is
   *     one line with the remedy
   */
  synchronized void load() {
    if (location != null) {
      return;
    }
    CudaDriver.prepare();
    List<Path> directories = directories(System.getenv(), Path.of("/"));
    opened.forEach(file -> loadIfFound(file, directories));
    try {
      if (named(System.getenv()).isPresent() || !loadByName(directories)) {
        loadFrom(directories);
      }
      Loader.load(binding);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "%s does not load (%s)%s: install %s or PyTorch for it, or set %s to the directory of %s"
              .formatted(
                  name,
                  CudaDriver.first(e),
                  otherVersion(directories),
                  product,
                  variable,
                  files.get(0)),
          e);
    }
    location = mapped().orElse(Path.of(files.get(0)));
  }

  /** Returns why this machine cannot load the library, in one line; empty if it can. */
  Optional<String> missing() {
    try {
      load();
      return Optional.empty();
    } catch (IllegalStateException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Returns the file that was loaded; empty before {@link #load}. */
  synchronized Optional<Path> location() {
    return Optional.ofNullable(location);
  }

  /** Loads the library through the dynamic loader; returns false if the loader does not find it. */
  private boolean loadByName(List<Path> directories) {
    try {
      files.forEach(Loader::loadGlobal);
      return true;
    } catch (UnsatisfiedLinkError e) {
      if (directories.stream().noneMatch(this::complete)) {
        throw e;
      }
      return false;
    }
  }

  /** Loads a file that the library can do without for some of its work. */
  private static void loadIfFound(String file, List<Path> directories) {
    List<String> places = new ArrayList<>(List.of(file));
    directories.stream()
        .map(directory -> directory.resolve(file))
        .filter(Files::isRegularFile)
        .forEach(found -> places.add(found.toString()));
    for (String place : places) {
      try {
        Loader.loadGlobal(place);
        return;
      } catch (UnsatisfiedLinkError e) {
        // The library reports what it lacks when it needs it.
        System.getLogger(NvidiaLibrary.class.getName())
            .log(System.Logger.Level.DEBUG, "{0}: {1}", place, CudaDriver.first(e));
      }
    }
  }

  private void loadFrom(List<Path> directories) {
    Path directory =
        directories.stream()
            .filter(this::complete)
            .findFirst()
            .orElseThrow(() -> new UnsatisfiedLinkError("not found in " + directories));
    files.forEach(file -> Loader.loadGlobal(directory.resolve(file).toString()));
  }

  private boolean complete(Path directory) {
    return files.stream().allMatch(file -> Files.isRegularFile(directory.resolve(file)));
  }

  private Optional<Path> named(Map<String, String> environment) {
    return Optional.ofNullable(environment.get(variable))
        .filter(name -> !name.isEmpty())
        .map(Path::of);
  }

  /**
   * Returns the directories to search; with its variable set, that one only.
   *
   * @param root of the file system; another in tests
   */
  List<Path> directories(Map<String, String> environment, Path root) {
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
    pythons.addAll(ofPath(environment));
    PYTHON.forEach(directory -> pythons.add(root.resolve(directory.substring(1))));
    for (Path python : pythons) {
      for (Path version : matching(python, "python3*")) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          Path nvidia = version.resolve(packages).resolve("nvidia");
          found.add(nvidia.resolve(TOOLKIT).resolve("lib"));
          found.add(nvidia.resolve(directoryName).resolve("lib"));
        }
      }
    }
    return found.stream().filter(Files::isDirectory).distinct().toList();
  }

  /** Returns the directories of libraries that belong to each {@code python3} on the path. */
  private static List<Path> ofPath(Map<String, String> environment) {
    List<Path> found = new ArrayList<>();
    for (String entry : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      Path binaries = Path.of(entry);
      // Of a virtual environment python3 is a link; its packages are beside the link.
      if (binaries.isAbsolute() && Files.exists(binaries.resolve("python3"))) {
        found.add(binaries.resolveSibling("lib"));
      }
    }
    return found;
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
  private String otherVersion(List<Path> directories) {
    for (Path directory : directories) {
      String stem = files.get(0).substring(0, files.get(0).lastIndexOf('.'));
      for (Path file : matching(directory, stem + ".[0-9]*")) {
        if (!file.getFileName().toString().startsWith(files.get(0))) {
          return ", found " + file;
        }
      }
    }
    return "";
  }

  private Optional<Path> mapped() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .filter(line -> line.contains("/" + files.get(0)))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }
}

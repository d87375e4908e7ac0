package dev.kiln.tensorrt;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.Nvrtc;
import dev.kiln.cuda.UnloadedBindings;
import dev.kiln.error.ConfigurationException;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.tensorrt.global.nvinfer;

/**
 * TensorRT's libraries on this machine: where they are, and how they get into the process. Looked
 * for in this order: the folder that the environment variable {@code KILN_TENSORRT} or the system
 * property {@code kiln.tensorrt} names, the bundle that this Kiln is of, the folders of the
 * system's loader, and the jar of them that JavaCPP publishes and that a build with {@code -Pgpu}
 * brings.
 *
 * <p>The jar holds what compiling needs for every GPU, {@code libnvinfer_builder_resource_ptx}, but
 * not the files for single architectures that NVIDIA's own packages add ({@code …_sm90} and so on).
 * In TensorRT 11.2.1 that library is mostly PTX of version 9.3 for sm_80 and sm_86, plus machine
 * code for sm_80 to sm_120, 326 kernels of it for sm_90. A driver compiles PTX 9.3 only from CUDA
 * 13.3 on; libnvinfer has compilers of its own built in, and whether it takes those for this PTX is
 * not known. So a compilation may find fewer kernels here than with NVIDIA's packages.
 */
public final class TensorRtLibrary {
  private static final String MAJOR = "11";
  private static final String RUNTIME = "libnvinfer.so." + MAJOR;

  /** As JavaCPP's binding names them, which then finds them loaded. */
  private static final List<String> LIBRARIES =
      List.of("nvinfer@." + MAJOR, "nvonnxparser@." + MAJOR);

  private static final String HOW_TO_GET =
      "build Kiln with -Pgpu, install NVIDIA's TensorRT 11, or set KILN_TENSORRT to the folder with"
          + " "
          + RUNTIME;

  private static String loaded;

  /**
   * Where the libraries lie.
   *
   * @param folder that holds them; empty if they are in the jar
   * @param source in words
   */
  public record Location(Optional<Path> folder, String source) {
    @Override
    public String toString() {
      return folder.map(path -> path + " (" + source + ")").orElse(source);
    }
  }

  private TensorRtLibrary() {}

  /**
   * Where TensorRT is on this machine; loads nothing.
   *
   * @throws ConfigurationException if it is nowhere, or not where {@code KILN_TENSORRT} says
   */
  public static Location find() {
    String named = System.getenv("KILN_TENSORRT");
    String property = System.getProperty("kiln.tensorrt");
    return find(
        named != null && !named.isEmpty() ? named : property,
        named != null && !named.isEmpty() ? "KILN_TENSORRT" : "-Dkiln.tensorrt",
        bundled(),
        systemFolders());
  }

  private static URL bundled() {
    try {
      return nvinfer.class.getResource(
          "/org/bytedeco/tensorrt/" + Loader.getPlatform() + "/" + RUNTIME);
    } catch (NoClassDefFoundError e) {
      // As in a bundle for the self-test.
      throw new ConfigurationException(
          "TensorRT: its Java binding is not in this build; use a bundle or build with TensorRT",
          e);
    }
  }

  /**
   * @param named the folder that was named, or null
   * @param naming where
   * @param resource the library among the classes: a file in a bundle, else in a jar; or null
   */
  static Location find(String named, String naming, URL resource, List<Path> system) {
    if (named != null) {
      Path folder = Path.of(named).toAbsolutePath().normalize();
      if (!Files.isRegularFile(folder.resolve(RUNTIME))) {
        throw new ConfigurationException(
            "%s=%s: expected %s there, found %s"
                .formatted(naming, named, RUNTIME, librariesIn(folder)));
      }
      return new Location(Optional.of(folder), naming);
    }
    if (resource != null && resource.getProtocol().equals("file")) {
      return new Location(Optional.of(folderOf(resource)), "this bundle's");
    }
    for (Path folder : system) {
      if (Files.isRegularFile(folder.resolve(RUNTIME))) {
        return new Location(Optional.of(folder), "the system's");
      }
    }
    if (resource != null) {
      return new Location(Optional.empty(), "JavaCPP's jar");
    }
    throw new ConfigurationException("TensorRT " + MAJOR + ": not on this machine; " + HOW_TO_GET);
  }

  private static Path folderOf(URL file) {
    try {
      return Path.of(file.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(file + " is no file", e);
    }
  }

  private static String librariesIn(Path folder) {
    String[] names = folder.toFile().list((in, name) -> name.startsWith("libnvinfer.so"));
    if (names == null) {
      return "no such folder";
    }
    return names.length == 0 ? "no libnvinfer" : String.join(", ", names);
  }

  /** Folders in the order in which the system's loader looks into them. */
  private static List<Path> systemFolders() {
    List<Path> folders = new ArrayList<>();
    String search = System.getenv("LD_LIBRARY_PATH");
    if (search != null) {
      for (String folder : search.split(File.pathSeparator)) {
        if (!folder.isEmpty()) {
          folders.add(Path.of(folder));
        }
      }
    }
    cached(loaderCache()).ifPresent(folders::add);
    return folders;
  }

  /** The folder of a line such as {@code libnvinfer.so.11 (libc6,x86-64) => /usr/lib/…}. */
  static Optional<Path> cached(String cache) {
    Matcher line =
        Pattern.compile("(?m)^\\s*" + Pattern.quote(RUNTIME) + " .*=> (.+)$").matcher(cache);
    return line.find() ? Optional.ofNullable(Path.of(line.group(1)).getParent()) : Optional.empty();
  }

  private static String loaderCache() {
    for (String ldconfig : List.of("/sbin/ldconfig", "/usr/sbin/ldconfig")) {
      if (Files.isExecutable(Path.of(ldconfig))) {
        try {
          Process process =
              new ProcessBuilder(ldconfig, "-p")
                  .redirectError(ProcessBuilder.Redirect.DISCARD)
                  .start();
          String output = new String(process.getInputStream().readAllBytes());
          process.waitFor(10, TimeUnit.SECONDS);
          return output;
        } catch (IOException e) {
          return "";
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return "";
        }
      }
    }
    return "";
  }

  /**
   * Loads the libraries, once a process.
   *
   * @return TensorRT's version, as in "11.2.1.2"
   * @throws ConfigurationException if they are not there or do not load; the message says how to
   *     get them
   */
  public static synchronized String load() {
    if (loaded == null) {
      Location location = find();
      try {
        loaded = load(location);
      } catch (LinkageError | IOException e) {
        throw new ConfigurationException(
            "TensorRT in %s does not load: %s; %s".formatted(location, innermost(e), HOW_TO_GET),
            e);
      }
    }
    return loaded;
  }

  private static String load(Location location) throws IOException {
    // JavaCPP's CUDA classes need the driver's library or what stands in for it, and those that
    // TensorRT does not call, cuBLAS's and cuDNN's, must not load theirs. NVRTC it looks for by its
    // name alone: one that is loaded is found.
    CudaDriver.status();
    Nvrtc.available();
    if (location.folder().isPresent()) {
      for (String name : LIBRARIES) {
        File file = location.folder().get().resolve("lib" + name.replace("@", ".so")).toFile();
        Loader.loadLibrary(nvinfer.class, new URL[] {file.toURI().toURL()}, name);
      }
    }
    UnloadedBindings.initialise("org.bytedeco.tensorrt.global.nvinfer_plugin");
    int build = nvinfer.getInferLibBuildVersion();
    int major = nvinfer.getInferLibMajorVersion();
    if (!MAJOR.equals(Integer.toString(major))) {
      throw new UnsatisfiedLinkError("expected TensorRT " + MAJOR + ", found " + major);
    }
    return "%d.%d.%d.%d"
        .formatted(
            major, nvinfer.getInferLibMinorVersion(), nvinfer.getInferLibPatchVersion(), build);
  }

  private static String innermost(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason given");
  }
}

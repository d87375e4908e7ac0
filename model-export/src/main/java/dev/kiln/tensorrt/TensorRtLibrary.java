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
 * Location and loading of TensorRT's libraries. The search order is: the directory in the
 * environment variable {@code KILN_TENSORRT} or the system property {@code kiln.tensorrt}, the
 * bundle of this Kiln, the directories of the system's loader, and the jar that JavaCPP publishes
 * and a build with {@code -Pgpu} includes.
 *
 * <p>The jar contains the compiler's library for all GPUs, {@code libnvinfer_builder_resource_ptx},
 * but not those for single architectures that NVIDIA's own packages add ({@code …_sm90} etc.). In
 * TensorRT 11.2.1 that library is mostly PTX 9.3 for sm_80 and sm_86, plus machine code for sm_80
 * to sm_120, 326 kernels of it for sm_90. A driver compiles PTX 9.3 only from CUDA 13.3 on;
 * libnvinfer has built-in compilers, but whether it uses them for this PTX is unknown. A
 * compilation can thus find fewer kernels than with NVIDIA's packages.
 */
public final class TensorRtLibrary {
  private static final String MAJOR = "11";
  private static final String RUNTIME = "libnvinfer.so." + MAJOR;

  /** Names as in JavaCPP's binding, which then finds the libraries loaded. */
  private static final List<String> LIBRARIES =
      List.of("nvinfer@." + MAJOR, "nvonnxparser@." + MAJOR);

  private static final String HOW_TO_GET =
      "build Kiln with -Pgpu, install NVIDIA's TensorRT 11, or set KILN_TENSORRT to the directory"
          + " with "
          + RUNTIME;

  private static final String RESOURCE_OF_SM = "libnvinfer_builder_resource_sm";
  private static final String LIMITATION =
      "these libraries lack builder resources for single architectures ("
          + RESOURCE_OF_SM
          + "…), so compiled plans may be slow; for speed install NVIDIA's own TensorRT "
          + MAJOR
          + " and set KILN_TENSORRT to its directory";

  private static String loaded;

  /**
   * Location of the libraries.
   *
   * @param directory directory that contains them; empty if they are in the jar
   * @param source where the directory comes from, for people
   */
  public record Location(Optional<Path> directory, String source) {
    /**
     * Returns what these libraries lack; empty for NVIDIA's own packages, which contain builder
     * resources for single architectures.
     */
    public Optional<String> limitation() {
      String[] resources =
          directory
              .map(path -> path.toFile().list((in, name) -> name.startsWith(RESOURCE_OF_SM)))
              .orElse(null);
      return resources != null && resources.length > 0 ? Optional.empty() : Optional.of(LIMITATION);
    }

    @Override
    public String toString() {
      return directory.map(path -> path + " (" + source + ")").orElse(source);
    }
  }

  private TensorRtLibrary() {}

  /**
   * Finds TensorRT on this machine; loads nothing.
   *
   * @throws ConfigurationException if it is not found, or not in the directory of {@code
   *     KILN_TENSORRT}
   */
  public static Location find() {
    String named = System.getenv("KILN_TENSORRT");
    String property = System.getProperty("kiln.tensorrt");
    return find(
        named != null && !named.isEmpty() ? named : property,
        named != null && !named.isEmpty() ? "KILN_TENSORRT" : "-Dkiln.tensorrt",
        bundled(),
        systemDirectories());
  }

  private static URL bundled() {
    try {
      return nvinfer.class.getResource(
          "/org/bytedeco/tensorrt/" + Loader.getPlatform() + "/" + RUNTIME);
    } catch (NoClassDefFoundError e) {
      // As in a bundle for the self-test.
      throw new ConfigurationException(
          "TensorRT: its Java binding is not in this build; use a bundle or a build that includes"
              + " TensorRT",
          e);
    }
  }

  /**
   * Finds TensorRT.
   *
   * @param named directory set by the user, or null
   * @param naming the setting that contains it
   * @param resource the library on the class path: a file in a bundle, else in a jar; or null
   * @param system directories of the system's loader
   */
  static Location find(String named, String naming, URL resource, List<Path> system) {
    if (named != null) {
      Path directory = Path.of(named).toAbsolutePath().normalize();
      if (!Files.isRegularFile(directory.resolve(RUNTIME))) {
        throw new ConfigurationException(
            "%s=%s: expected %s there, found %s"
                .formatted(naming, named, RUNTIME, librariesIn(directory)));
      }
      return new Location(Optional.of(directory), naming);
    }
    if (resource != null && resource.getProtocol().equals("file")) {
      return new Location(Optional.of(directoryOf(resource)), "this bundle's");
    }
    for (Path directory : system) {
      if (Files.isRegularFile(directory.resolve(RUNTIME))) {
        return new Location(Optional.of(directory), "the system's");
      }
    }
    if (resource != null) {
      return new Location(Optional.empty(), "JavaCPP's jar");
    }
    throw new ConfigurationException(
        "TensorRT " + MAJOR + ": not found on this machine; " + HOW_TO_GET);
  }

  private static Path directoryOf(URL file) {
    try {
      return Path.of(file.toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(file + " is not a file", e);
    }
  }

  private static String librariesIn(Path directory) {
    String[] names = directory.toFile().list((in, name) -> name.startsWith("libnvinfer.so"));
    if (names == null) {
      return "no such directory";
    }
    return names.length == 0 ? "no libnvinfer" : String.join(", ", names);
  }

  /** Returns the directories of the system's loader in search order. */
  private static List<Path> systemDirectories() {
    List<Path> directories = new ArrayList<>();
    String search = System.getenv("LD_LIBRARY_PATH");
    if (search != null) {
      for (String directory : search.split(File.pathSeparator)) {
        if (!directory.isEmpty()) {
          directories.add(Path.of(directory));
        }
      }
    }
    cached(loaderCache()).ifPresent(directories::add);
    return directories;
  }

  /**
   * Returns the directory of a line such as {@code libnvinfer.so.11 (libc6,x86-64) => /usr/lib/…}.
   */
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
   * Loads the libraries, once per process.
   *
   * @return TensorRT's version, such as "11.2.1.2"
   * @throws ConfigurationException if they are missing or cannot be loaded; the message explains
   *     how to get them
   */
  public static synchronized String load() {
    if (loaded == null) {
      Location location = find();
      try {
        loaded = load(location);
      } catch (LinkageError | IOException e) {
        throw new ConfigurationException(
            "TensorRT in %s: cannot load: %s; %s".formatted(location, innermost(e), HOW_TO_GET), e);
      }
    }
    return loaded;
  }

  private static String load(Location location) throws IOException {
    // JavaCPP's CUDA classes need the driver's library or its replacement; the classes of cuBLAS
    // and
    // cuDNN, which TensorRT does not call, must not load theirs. TensorRT finds a loaded NVRTC by
    // its name.
    CudaDriver.status();
    Nvrtc.available();
    if (location.directory().isPresent()) {
      for (String name : LIBRARIES) {
        File file = location.directory().get().resolve("lib" + name.replace("@", ".so")).toFile();
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

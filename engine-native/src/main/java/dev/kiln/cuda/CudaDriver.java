package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaErrorInsufficientDriver;
import static org.bytedeco.cuda.global.cudart.cudaErrorNoDevice;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceCount;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaRuntimeGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import dev.kiln.memory.NativeMemory;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import org.bytedeco.javacpp.Loader;

/**
 * Determines once per process whether this machine can run CUDA. Safe for concurrent use.
 *
 * <p>JavaCPP's CUDA libraries are linked against the driver's library, even those that do not use
 * it, such as the compiler. Without a driver, an empty library of that name is loaded instead;
 * functions of the driver ({@code cu…}) must not be called then.
 */
public final class CudaDriver {
  private static final String LIBRARY = "libcuda.so.1";

  /** The oldest driver that supports CUDA 13; it works with all runtimes 13.x. */
  private static final String OLDEST = "580";

  private static Boolean present;
  private static Status status;

  /** State of CUDA on a machine. */
  public enum State {
    /** A device can be opened. */
    READY,
    /** No driver is installed, or none is mapped into this container. */
    NO_DRIVER,
    /** The driver is installed, but NVIDIA's runtime library cannot be loaded. */
    NO_RUNTIME,
    /** The driver supports only an earlier major version of CUDA than the runtime's. */
    DRIVER_TOO_OLD,
    /** The driver finds no device. */
    NO_DEVICE,
    /** The driver returns an error. */
    FAILED
  }

  /**
   * The result.
   *
   * @param line description of the state and its remedy, in one line
   * @param devices number of devices that can be opened
   * @param driver newest CUDA version that the driver supports, as in 13000 for 13.0; 0 if unknown
   * @param runtime CUDA version of the runtime library; 0 if it was not loaded
   */
  public record Status(State state, String line, int devices, int driver, int runtime) {
    /** Returns whether a device can be opened. */
    public boolean ready() {
      return state == State.READY;
    }
  }

  private CudaDriver() {}

  /** Returns the state of this machine; never throws. */
  public static synchronized Status status() {
    if (status == null) {
      status = look();
    }
    return status;
  }

  private static Status look() {
    if (!prepare()) {
      return new Status(
          State.NO_DRIVER, "no NVIDIA driver: " + LIBRARY + " is not on this machine", 0, 0, 0);
    }
    try {
      int[] devices = new int[1];
      int[] driver = new int[1];
      int[] runtime = new int[1];
      int code = cudaRuntimeGetVersion(runtime);
      if (code == cudaSuccess) {
        code = cudaDriverGetVersion(driver);
      }
      if (code == cudaSuccess) {
        code = cudaGetDeviceCount(devices);
      }
      return judge(code, cudaGetErrorString(code).getString(), devices[0], driver[0], runtime[0]);
    } catch (LinkageError e) {
      return new Status(
          State.NO_RUNTIME,
          "NVIDIA's driver is installed, but the CUDA runtime does not load (%s): "
                  .formatted(first(e))
              + "build Kiln with Maven's profile gpu, or install CUDA 13",
          0,
          0,
          0);
    }
  }

  /**
   * Interprets the results of the runtime. A runtime works with all drivers of its major version
   * (CUDA's minor-version compatibility), such as 13.3 with a driver for 13.0.
   *
   * @param code the first error, or 0
   * @param meaning CUDA's description of the error
   */
  static Status judge(int code, String meaning, int devices, int driver, int runtime) {
    if (driver == 0 && (code == cudaErrorInsufficientDriver || code == cudaSuccess)) {
      return new Status(
          State.NO_DRIVER, "no NVIDIA driver: the CUDA runtime finds none", 0, 0, runtime);
    }
    if (code == cudaErrorInsufficientDriver || driver / 1000 < runtime / 1000) {
      return new Status(
          State.DRIVER_TOO_OLD,
          "NVIDIA driver: expected CUDA %d.0 or later, found %s; install driver %s or later"
              .formatted(runtime / 1000, GpuDescription.version(driver), OLDEST),
          0,
          driver,
          runtime);
    }
    if (code == cudaErrorNoDevice || (code == cudaSuccess && devices == 0)) {
      String visible = System.getenv("CUDA_VISIBLE_DEVICES");
      return new Status(
          State.NO_DEVICE,
          "NVIDIA driver: no GPU found"
              + (visible == null ? "" : " (CUDA_VISIBLE_DEVICES is '" + visible + "')"),
          0,
          driver,
          runtime);
    }
    if (code != cudaSuccess) {
      return new Status(
          State.FAILED,
          "NVIDIA driver: CUDA error %d (%s); see nvidia-smi".formatted(code, meaning),
          0,
          driver,
          runtime);
    }
    return new Status(
        State.READY,
        "%d GPU%s, driver for CUDA %s, runtime %s"
            .formatted(
                devices,
                devices == 1 ? "" : "s",
                GpuDescription.version(driver),
                GpuDescription.version(runtime)),
        devices,
        driver,
        runtime);
  }

  /**
   * Makes JavaCPP's CUDA classes loadable; call this before the first use of any of them.
   *
   * @return whether there is a driver
   */
  static synchronized boolean prepare() {
    if (present == null) {
      NativeMemory.disableLimit();
      Loader.load(org.bytedeco.javacpp.presets.javacpp.class);
      present = load(LIBRARY);
      if (!present) {
        Loader.loadGlobal(standIn().getPath());
      }
      UnloadedBindings.initialise(
          "org.bytedeco.cuda.global.cublas", "org.bytedeco.cuda.global.cudnn");
    }
    return present;
  }

  private static boolean load(String library) {
    try {
      Loader.loadGlobal(library);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static File standIn() {
    String resource = Loader.getPlatform() + "/libcuda-absent.so";
    try {
      URL found = CudaDriver.class.getResource(resource);
      // A bundle contains the unpacked library.
      return found != null && found.getProtocol().equals("file")
          ? new File(found.toURI())
          : Loader.cacheResource(CudaDriver.class, resource);
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(resource + " cannot be unpacked: " + e.getMessage(), e);
    }
  }

  /** Returns the message of the system's loader, which is the innermost cause. */
  static String first(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason given");
  }
}

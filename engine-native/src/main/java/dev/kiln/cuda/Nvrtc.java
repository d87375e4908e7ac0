package dev.kiln.cuda;

import static org.bytedeco.cuda.global.nvrtc.nvrtcCompileProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcCreateProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcDestroyProgram;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBIN;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetCUBINSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetErrorString;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLog;
import static org.bytedeco.cuda.global.nvrtc.nvrtcGetProgramLogSize;
import static org.bytedeco.cuda.global.nvrtc.nvrtcVersion;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * NVIDIA's run-time compiler, from CUDA C++ to machine code of one architecture. It needs neither a
 * GPU nor a driver. Unlike PTX, which the driver compiles, machine code runs on all drivers of the
 * same major version of CUDA.
 */
public final class Nvrtc {
  private static final int SUCCESS = 0;

  private static Throwable failure;
  private static boolean loaded;

  private Nvrtc() {}

  /**
   * Returns the version of the compiler, as in "13.3".
   *
   * @throws IllegalStateException if it cannot be loaded, with the reason in one line
   */
  public static String version() {
    load();
    int[] major = new int[1];
    int[] minor = new int[1];
    check("nvrtcVersion", nvrtcVersion(major, minor));
    return major[0] + "." + minor[0];
  }

  /** Returns whether this machine has the compiler. */
  public static boolean available() {
    try {
      load();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /**
   * Compiles a source.
   *
   * @param name for messages
   * @param source CUDA C++ without include directives
   * @param architecture as in "sm_90"
   * @param options further options of the compiler, such as {@code -DROWS=8}
   * @return the machine code (cubin)
   * @throws CudaException with the compiler's own messages if the source does not compile
   * @throws IllegalStateException if the compiler cannot be loaded, with the reason in one line
   */
  public static byte[] compile(
      String name, String source, String architecture, List<String> options) {
    load();
    return compileLoaded(name, source, architecture, options);
  }

  private static byte[] compileLoaded(
      String name, String source, String architecture, List<String> options) {
    List<String> all = new ArrayList<>();
    all.add("--gpu-architecture=" + architecture);
    all.add("--std=c++17");
    all.addAll(options);
    try (_nvrtcProgram program = new _nvrtcProgram();
        BytePointer text = new BytePointer(source, StandardCharsets.UTF_8);
        BytePointer title = new BytePointer(name, StandardCharsets.UTF_8);
        PointerPointer<BytePointer> flags = new PointerPointer<>(all.toArray(new String[0]))) {
      check(
          "nvrtcCreateProgram",
          nvrtcCreateProgram(program, text, title, 0, (BytePointer) null, (BytePointer) null));
      try {
        int code = nvrtcCompileProgram(program, all.size(), flags);
        if (code != SUCCESS) {
          throw new CudaException(
              name + " for " + architecture, code, meaning(code) + ": " + log(program));
        }
        return cubin(program);
      } finally {
        check("nvrtcDestroyProgram", nvrtcDestroyProgram(program));
      }
    }
  }

  private static byte[] cubin(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check("nvrtcGetCUBINSize", nvrtcGetCUBINSize(program, size));
      byte[] code = new byte[Math.toIntExact(size.get())];
      check("nvrtcGetCUBIN", nvrtcGetCUBIN(program, code));
      return code;
    }
  }

  private static String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check("nvrtcGetProgramLogSize", nvrtcGetProgramLogSize(program, size));
      try (BytePointer text = new BytePointer(size.get())) {
        check("nvrtcGetProgramLog", nvrtcGetProgramLog(program, text));
        return text.getString().strip();
      }
    }
  }

  private static void check(String call, int code) {
    if (code != SUCCESS) {
      throw new CudaException(call, code, meaning(code));
    }
  }

  private static String meaning(int code) {
    return nvrtcGetErrorString(code).getString();
  }

  private static synchronized void load() {
    if (!loaded && failure == null) {
      try {
        CudaDriver.prepare();
        // It may load without the second library, which it reads when it compiles.
        compileLoaded("nothing", "", "sm_80", List.of());
        loaded = true;
      } catch (LinkageError | CudaException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw new IllegalStateException(
          "NVIDIA's compiler NVRTC does not work (%s): ".formatted(CudaDriver.first(failure))
              + "build Kiln with Maven's profile gpu or nvrtc, or install CUDA 13",
          failure);
    }
  }
}

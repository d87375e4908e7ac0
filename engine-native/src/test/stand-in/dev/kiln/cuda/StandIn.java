package dev.kiln.cuda;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The stand-in for NVIDIA's libraries ({@code engine-native/src/test/cpp/stand_in}) that tests with
 * the tag {@code stand-in} run over: what was called, what is not released, and which call fails
 * next.
 */
public final class StandIn {
  /** Of an error that CUDA does not define. */
  public static final int UNKNOWN_ERROR = 999;

  public static final int ILLEGAL_ADDRESS = 700;

  static {
    if (!CudaDriver.status().ready()) {
      throw new IllegalStateException("the stand-in is not loaded: " + CudaDriver.status().line());
    }
    System.load(Path.of(System.getProperty("kiln.stand-in"), "libkiln-stand-in.so").toString());
  }

  private StandIn() {}

  /** Returns the directory of TensorRT's libraries, which are found only if it is named. */
  public static Path tensorRt() {
    // Of the directory that Maven names, without the package of JavaCPP's resources.
    Path root = Path.of(System.getProperty("kiln.stand-in")).resolve("../../../..").normalize();
    return root.resolveSibling("stand-in-tensorrt");
  }

  /** Forgets everything, failures to come included. */
  public static native void reset();

  /**
   * Lets a call fail.
   *
   * @param nth counted from 1
   * @param code that it returns
   * @param sticky whether all calls after it return the same
   */
  public static native void fail(String function, int nth, int code, boolean sticky);

  /** Lets the nth piece of queued work fail on the device, and every call after a wait for it. */
  public static native void failWork(int nth, int code);

  /** Changes the machine. */
  public static native void device(int devices, int driver, long memory);

  /** Sets the simulated clock: the time of one kernel and the speed of copies. */
  public static native void pace(double kernelMicroseconds, double bytesPerMicrosecond);

  /** Sets the time of one kernel on the simulated clock. */
  public static native void delay(String kernel, double microseconds);

  /**
   * Multiplies results by a factor, as if they were wrong.
   *
   * @param what "cudnn" or "kiln_attention_64_sm90"
   */
  public static native void distort(String what, float factor);

  private static native String read(String topic);

  private static List<String> lines(String topic) {
    return Arrays.stream(read(topic).split("\n")).filter(line -> !line.isEmpty()).toList();
  }

  /** Returns how often each function was called. */
  public static Map<String, Integer> calls() {
    Map<String, Integer> calls = new TreeMap<>();
    for (String line : lines("calls")) {
      String[] parts = line.split(" ");
      calls.put(parts[0], Integer.parseInt(parts[1]));
    }
    return calls;
  }

  /** Returns the calls in order, with details of queued work. */
  public static List<String> log() {
    return lines("log");
  }

  /** Returns the kinds of what was created and not released. */
  public static List<String> live() {
    return lines("live");
  }

  /** Returns what was misused. */
  public static List<String> violations() {
    return lines("violations");
  }

  /** Returns the error that {@code cudaGetLastError} would return. */
  public static int lastError() {
    return Integer.parseInt(lines("error").get(0));
  }

  /**
   * Work on the simulated clock.
   *
   * @param stream number of the stream, in the order of creation
   * @param begin microseconds
   * @param end microseconds
   */
  public record Span(int stream, String work, double begin, double end) {}

  /** Returns the work that ran, in the order in which it was queued. */
  public static List<Span> spans() {
    return lines("spans").stream()
        .map(line -> line.split(" "))
        .map(
            parts ->
                new Span(
                    Integer.parseInt(parts[0]),
                    parts[1],
                    Double.parseDouble(parts[2]),
                    Double.parseDouble(parts[3])))
        .toList();
  }
}

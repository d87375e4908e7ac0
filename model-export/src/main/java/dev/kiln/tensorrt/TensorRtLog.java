package dev.kiln.tensorrt;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.tensorrt.nvinfer.ILogger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What TensorRT says while it works: its errors are kept for the exception that follows them, for
 * its functions return no more than whether they failed. Errors go to the log at once as well,
 * warnings as such, and all else only at level debug. TensorRT calls it from threads of its own.
 *
 * <p>There is one a process and it is never freed: TensorRT keeps the first that it was given, also
 * for what is made with another.
 */
final class TensorRtLog extends ILogger {
  private static final Logger LOG = LoggerFactory.getLogger("dev.kiln.tensorrt");

  /** An error has causes, told first; more than these is noise. */
  private static final int KEPT = 4;

  private static TensorRtLog instance;

  private final Deque<String> errors = new ArrayDeque<>();

  private TensorRtLog() {}

  /** The log of this process; TensorRT's libraries have been loaded before. */
  static synchronized TensorRtLog get() {
    if (instance == null) {
      instance = new TensorRtLog();
    }
    return instance;
  }

  @Override
  public void log(Severity severity, String message) {
    String line = message == null ? "" : message.strip().replace('\n', ' ');
    switch (severity.intern()) {
      case kINTERNAL_ERROR, kERROR -> {
        keep(line);
        LOG.debug("error: {}", line);
      }
      case kWARNING -> LOG.warn("TensorRT: {}", line);
      default -> LOG.debug("{}", line);
    }
  }

  private synchronized void keep(String line) {
    errors.addLast(line);
    if (errors.size() > KEPT) {
      errors.removeFirst();
    }
  }

  /** The last errors in one line, which are then forgotten; empty if there were none. */
  synchronized String errors() {
    String all = String.join("; ", errors);
    errors.clear();
    return all;
  }

  /** Throws if a call failed. */
  void check(boolean succeeded, String what) {
    if (!succeeded) {
      throw new TensorRtException(what, errors());
    }
  }

  /** What a call gave, or an exception if that is nothing. */
  <T extends org.bytedeco.javacpp.Pointer> T made(T object, String what) {
    check(object != null && !object.isNull(), what);
    return object;
  }
}

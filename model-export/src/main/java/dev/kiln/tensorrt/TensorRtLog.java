package dev.kiln.tensorrt;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.tensorrt.nvinfer.ILogger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receiver of TensorRT's log. Functions of TensorRT only return whether they failed, so errors are
 * kept for the exception that follows. Warnings are logged as warnings, errors and everything else
 * at level debug. TensorRT calls it from its own threads.
 *
 * <p>There is one per process and it is never freed: TensorRT keeps the first logger that it
 * receives, also for objects created with another.
 */
final class TensorRtLog extends ILogger {
  private static final Logger LOG = LoggerFactory.getLogger("dev.kiln.tensorrt");

  /** Most errors kept: an error follows its causes. */
  private static final int KEPT = 4;

  private static TensorRtLog instance;

  private final Deque<String> errors = new ArrayDeque<>();

  private TensorRtLog() {}

  /** Returns the log of this process; call {@link TensorRtLibrary#load} first. */
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

  /** Returns the last errors in one line and removes them; empty if there were none. */
  synchronized String errors() {
    String all = String.join("; ", errors);
    errors.clear();
    return all;
  }

  /** Throws a {@link TensorRtException} if a call failed. */
  void check(boolean succeeded, String what) {
    if (!succeeded) {
      throw new TensorRtException(what, errors());
    }
  }

  /** Returns the result of a call; throws a {@link TensorRtException} if it is null. */
  <T extends org.bytedeco.javacpp.Pointer> T made(T object, String what) {
    check(object != null && !object.isNull(), what);
    return object;
  }
}

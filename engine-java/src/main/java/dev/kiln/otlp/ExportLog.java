package dev.kiln.otlp;

import java.net.ConnectException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenTelemetry's own messages: the first failure is a warning of Kiln's log, later ones are not.
 */
final class ExportLog extends Handler {
  private static final Logger log = LoggerFactory.getLogger(OtlpMetrics.class);

  /** Kept, because the JDK forgets loggers that nothing refers to. */
  private static final java.util.logging.Logger LIBRARY =
      java.util.logging.Logger.getLogger("io.opentelemetry");

  private final String endpoint;
  private boolean warned;

  private ExportLog(String endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * Redirects the messages.
   *
   * @param endpoint named in the warning
   * @return the receiver of the messages
   */
  static ExportLog install(String endpoint) {
    LIBRARY.setUseParentHandlers(false);
    for (Handler handler : LIBRARY.getHandlers()) {
      LIBRARY.removeHandler(handler);
    }
    ExportLog handler = new ExportLog(endpoint);
    LIBRARY.addHandler(handler);
    return handler;
  }

  @Override
  public void publish(LogRecord event) {
    String reason = reason(event);
    if (event.getLevel().intValue() < Level.WARNING.intValue()) {
      log.debug("opentelemetry: message=\"{}\"", reason);
    } else {
      warn(reason);
    }
  }

  /** Returns whether an export has failed. */
  synchronized boolean hasWarned() {
    return warned;
  }

  /** Logs a failure, if it is the first. */
  synchronized void warn(String reason) {
    log.atLevel(warned ? org.slf4j.event.Level.DEBUG : org.slf4j.event.Level.WARN)
        .log(
            "cannot export metrics: endpoint={} reason=\"{}\"; logged once, the run continues",
            endpoint,
            reason);
    warned = true;
  }

  static String reason(LogRecord event) {
    Throwable cause = event.getThrown();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause == null) {
      return new SimpleFormatter().formatMessage(event);
    }
    if (cause instanceof ConnectException && cause.getMessage() == null) {
      return "connection refused";
    }
    return cause.toString();
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}

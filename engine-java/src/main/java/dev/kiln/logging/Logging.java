package dev.kiln.logging;

import ch.qos.logback.classic.LoggerContext;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.LoggerFactory;

/**
 * The log of the process: its level, its format, and fields that all its lines have. Applies to
 * loggers that exist as well as to later ones.
 */
public final class Logging {
  private static final String OWN = "dev.kiln";
  private static final Map<String, Object> FIELDS = new ConcurrentSkipListMap<>();
  private static volatile Format format = Format.TEXT;

  private Logging() {}

  /** Levels of Kiln's own loggers. Libraries log warnings and errors. */
  public enum Level {
    /** Everything. */
    TRACE,
    /** Single requests and tiles. */
    DEBUG,
    /** Progress and results. */
    INFO,
    /** What went wrong and did not stop the run. */
    WARN,
    /** What stopped the run. */
    ERROR,
    /** Nothing. */
    OFF
  }

  /** How a line is written. */
  public enum Format {
    /** Time, level and message. */
    TEXT,
    /** One JSON object per line, with all fields. */
    JSON
  }

  /** Sets level and format. */
  public static void configure(Level level, Format lines) {
    format = lines;
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLogger(OWN).setLevel(ch.qos.logback.classic.Level.toLevel(level.name(), null));
    }
  }

  /** Adds a field to all lines of JSON, such as the index of the shard. */
  public static void field(String name, Object value) {
    FIELDS.put(name, value);
  }

  /** Returns the format. */
  public static Format format() {
    return format;
  }

  /** Returns the fields of all lines, by name. */
  static Map<String, Object> fields() {
    return FIELDS;
  }
}

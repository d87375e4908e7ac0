package dev.kiln.run;

import dev.kiln.error.Count;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Shows the progress of a run: a bar on a terminal, lines in a log, JSON lines for a program. */
public final class ProgressLog implements ProgressListener, AutoCloseable {
  /** How progress is shown. */
  public enum Style {
    /** A bar on a terminal, else plain lines. */
    AUTO,
    /** A line in the log every ten seconds. */
    PLAIN,
    /** A JSON object per line every ten seconds. */
    JSON,
    /** Nothing. */
    NONE
  }

  private static final Logger log = LoggerFactory.getLogger(ProgressLog.class);
  private static final long LINE_NANOS = 10_000_000_000L;
  private static final long BAR_NANOS = 500_000_000L;

  private final Style style;
  private final long interval;
  private final PrintStream json;
  private final ProgressBar bar;
  private long next;
  private Supplier<Snapshot> last;
  private boolean closed;

  /**
   * Creates a progress log.
   *
   * @param style of the lines
   * @param terminal whether standard error is a terminal
   * @param json receives the lines of style JSON
   */
  public ProgressLog(Style style, boolean terminal, PrintStream json) {
    this(style, terminal, json, style == Style.AUTO && terminal ? BAR_NANOS : LINE_NANOS);
  }

  ProgressLog(Style style, boolean terminal, PrintStream json, long interval) {
    this.style = style;
    this.interval = interval;
    this.json = json;
    this.bar =
        style == Style.AUTO && terminal
            ? new ProgressBarBuilder()
                .setTaskName("scenes")
                .setUpdateIntervalMillis((int) (BAR_NANOS / 1_000_000))
                .build()
            : null;
    this.next = System.nanoTime() + interval;
  }

  @Override
  public void tick(Supplier<Snapshot> snapshot) {
    last = snapshot;
    if (style == Style.NONE || System.nanoTime() < next) {
      return;
    }
    next = System.nanoTime() + interval;
    Snapshot now = snapshot.get();
    if (bar != null) {
      bar.maxHint(now.scenes());
      bar.stepTo(now.settled());
      bar.setExtraMessage(
          String.format(
              Locale.ROOT,
              "%s, %.1f chips/s, %d failed",
              Count.of(now.counts().chips(), "chip"),
              now.chipsPerSecond(),
              now.counts().failed()));
    } else if (style == Style.JSON) {
      json.println(jsonLine("progress", now));
    } else {
      log.info("{}", line(now));
    }
  }

  private static String jsonLine(String kind, Snapshot now) {
    JsonMapper mapper = JsonMapper.shared();
    ObjectNode line = mapper.createObjectNode();
    line.put("time", Instant.now().toString());
    line.put("kind", kind);
    line.setAll((ObjectNode) mapper.<JsonNode>valueToTree(now));
    return mapper.writeValueAsString(line);
  }

  static String line(Snapshot now) {
    RunCounters.Counts counts = now.counts();
    String queues =
        now.queues().stream()
            .map(q -> q.queue() + " " + q.items() + "/" + q.capacity())
            .collect(Collectors.joining(", "));
    String busy =
        now.stages().stream()
            .map(s -> String.format(Locale.ROOT, "%s %.0f%%", s.stage(), 100 * now.busyShare(s)))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "scenes %d of %d (%d failed), chips %d, %.1f chips/s, fetched %.1f MB/s, decoded %.1f MB/s"
            + " | queued: %s | busy: %s | left: %s",
        now.settled(),
        now.scenes(),
        counts.failed(),
        counts.chips(),
        now.chipsPerSecond(),
        now.perSecond(counts.bytesFetched() / 1e6),
        now.perSecond(counts.bytesDecoded() / 1e6),
        queues,
        busy,
        duration(now.secondsLeft()));
  }

  private static String duration(OptionalDouble seconds) {
    if (seconds.isEmpty()) {
      return "unknown";
    }
    long s = Math.round(seconds.getAsDouble());
    return String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }

  @Override
  public void ended(RunReport report) {
    close();
  }

  /** Ends the bar; in style JSON, prints the last line, of kind {@code end}. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (bar != null) {
      bar.close();
    } else if (style == Style.JSON && last != null) {
      json.println(jsonLine("end", last.get()));
    }
  }
}

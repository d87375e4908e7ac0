package dev.kiln.awsbatch;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The state of runs in some lines for a person. */
public final class StatusText {
  private StatusText() {}

  public static String of(ArrayStatus status) {
    StringBuilder text = new StringBuilder();
    line(text, "%s", status.out());
    for (ArrayStatus.Run run : status.runs()) {
      text.append('\n');
      of(run, text);
    }
    return text.toString();
  }

  private static void of(ArrayStatus.Run run, StringBuilder text) {
    line(
        text,
        "%s%s",
        run.id() == null ? "run without a submission" : "submission " + run.id(),
        run.retryOf() == null ? "" : ", what " + run.retryOf() + " left");
    if (!run.states().isEmpty()) {
      line(text, "  children  %s", counts(run.states()));
    }
    line(
        text,
        "  reports   %,d%s: %,d running%s",
        run.reports(),
        run.children() == 0 ? "" : " of %,d children".formatted(run.children()),
        run.running(),
        run.exitCodes().isEmpty() ? "" : ", ended with exit code " + counts(run.exitCodes()));
    line(
        text,
        "  scenes    %,d of %,d done (%.1f%%), %,d failed, %,d left",
        run.done(),
        run.scenes(),
        run.scenes() == 0 ? 0 : 100.0 * run.done() / run.scenes(),
        run.failed(),
        Math.max(0, run.scenes() - run.done() - run.failed()));
    line(
        text,
        "  chips     %,d%s, %,.0f a second for a child at work",
        run.chips(),
        run.chipsPerSecond() > 0 ? ", %,.0f a second".formatted(run.chipsPerSecond()) : "",
        run.chipsPerSecondOfOne());
    if (!Double.isNaN(run.secondsLeft())) {
      line(text, "  left      %s at the pace so far", time(run.secondsLeft()));
    }
    if (!Double.isNaN(run.cost())) {
      line(
          text,
          "  cost      at least $%,.2f so far, tries that were cut off not counted",
          run.cost());
    }
    for (ArrayStatus.Reason reason : run.reasons()) {
      line(text, "  %,7d × %s", reason.count(), reason.reason());
      line(text, "            such as %s", reason.example());
    }
    for (ArrayStatus.FailedChild child : run.look()) {
      line(
          text,
          "  failed    %s%s: %s",
          child.jobId(),
          child.exitCode() == null ? "" : " with exit code " + child.exitCode(),
          child.reason());
      if (child.logStream() != null) {
        line(
            text,
            "            aws logs get-log-events --limit 50"
                + " --log-group-name %s --log-stream-name %s",
            child.logGroup(),
            child.logStream());
      }
    }
  }

  private static String counts(Map<?, Integer> counts) {
    return counts.entrySet().stream()
        .map(
            e ->
                String.format(
                    Locale.ROOT,
                    "%s %,d",
                    e.getKey().toString().toLowerCase(Locale.ROOT),
                    e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String time(double seconds) {
    Duration left = Duration.ofSeconds(Math.round(seconds));
    return left.toHours() > 0
        ? "%d h %d min".formatted(left.toHours(), left.toMinutesPart())
        : "%d min %d s".formatted(left.toMinutes(), left.toSecondsPart());
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}

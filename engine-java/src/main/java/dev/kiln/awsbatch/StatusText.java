package dev.kiln.awsbatch;

import dev.kiln.error.Count;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Formats the state of runs as text. */
public final class StatusText {
  private StatusText() {}

  /** Returns a few lines per run. */
  public static String of(ArrayStatus status) {
    StringBuilder text = new StringBuilder();
    line(text, "%s", status.out());
    for (ArrayStatus.Run run : status.runs()) {
      text.append('\n');
      append(run, text);
    }
    return text.toString();
  }

  private static void append(ArrayStatus.Run run, StringBuilder text) {
    line(
        text,
        "%s%s",
        run.id().map(id -> "submission " + id).orElse("run without a submission"),
        run.retryOf().map(id -> ", retry of " + id).orElse(""));
    if (!run.jobs().states().isEmpty()) {
      line(text, "  children  %s", counts(run.jobs().states()));
    }
    ArrayStatus.Reports reports = run.reports();
    line(
        text,
        "  reports   %,d%s, %,d attempts: %,d running%s%s",
        reports.count(),
        run.jobs().children().isPresent()
            ? " of %,d children".formatted(run.jobs().children().getAsInt())
            : "",
        reports.attempts(),
        reports.running(),
        reports.killed() > 0 ? ", %,d killed".formatted(reports.killed()) : "",
        reports.exitCodes().isEmpty()
            ? ""
            : ", ended with exit code " + exitCodes(reports.exitCodes()));
    if (reports.beyondList() > 0) {
      line(
          text,
          "  WARNING   %s had no scenes: the array is longer than the list",
          Count.of(reports.beyondList(), "child", "children"));
    }
    ArrayStatus.Scenes scenes = run.scenes();
    line(
        text,
        "  scenes    %,d of %,d done (%.1f%%), %,d failed, %,d left",
        scenes.done(),
        scenes.total(),
        scenes.total() == 0 ? 0 : 100.0 * scenes.done() / scenes.total(),
        scenes.failed(),
        scenes.left());
    line(text, "  chips     %s", chips(run.chips()));
    if (run.secondsLeft().isPresent()) {
      line(text, "  left      %s at the rate so far", duration(run.secondsLeft().getAsDouble()));
    }
    if (run.cost().isPresent()) {
      line(
          text,
          "  cost      at least $%,.2f so far; starts, and the last minute of killed attempts, are"
              + " not counted",
          run.cost().getAsDouble());
    }
    for (ArrayStatus.Reason reason : run.reasons()) {
      line(text, "  %,7d × %s", reason.count(), reason.reason());
      line(text, "            for example %s", reason.example());
    }
    for (ArrayStatus.FailedChild child : run.failedChildren()) {
      line(
          text,
          "  failed    %s%s: %s",
          child.jobId(),
          child.exitCode().isPresent() ? ", exit code " + child.exitCode().getAsInt() : "",
          child.reason());
      child
          .logStream()
          .ifPresent(
              stream ->
                  line(
                      text,
                      "            aws logs get-log-events --limit 50"
                          + " --log-group-name %s --log-stream-name %s",
                      child.logGroup(),
                      stream));
    }
  }

  private static String chips(ArrayStatus.Chips chips) {
    StringBuilder text = new StringBuilder("%,d".formatted(chips.embedded()));
    chips.perSecond().ifPresent(rate -> text.append(", %,.0f chips/s".formatted(rate)));
    chips
        .perSecondPerChild()
        .ifPresent(rate -> text.append(", %,.0f chips/s per running child".formatted(rate)));
    return text.toString();
  }

  private static String counts(Map<String, Integer> states) {
    return states.entrySet().stream()
        .map(e -> "%s %,d".formatted(e.getKey().toLowerCase(Locale.ROOT), e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String exitCodes(Map<Integer, Integer> codes) {
    return codes.entrySet().stream()
        .map(e -> "%d: %,d".formatted(e.getKey(), e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String duration(double seconds) {
    Duration left = Duration.ofSeconds(Math.round(seconds));
    return left.toHours() > 0
        ? "%d h %d min".formatted(left.toHours(), left.toMinutesPart())
        : "%d min %d s".formatted(left.toMinutes(), left.toSecondsPart());
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}

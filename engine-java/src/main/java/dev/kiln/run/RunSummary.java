package dev.kiln.run;

import dev.kiln.error.Count;
import dev.kiln.fetch.Traffic;
import dev.kiln.metrics.ResourceUse;
import dev.kiln.pipeline.Stage;
import java.util.Locale;
import java.util.OptionalDouble;

/** A report as a few lines of text. */
final class RunSummary {
  private final StringBuilder text = new StringBuilder();

  private RunSummary() {}

  static String of(RunReport report) {
    RunSummary summary = new RunSummary();
    summary.work(report);
    summary.resources(report);
    summary.stages(report);
    return summary.text.toString();
  }

  private void work(RunReport report) {
    Snapshot run = report.run();
    RunCounters.Counts counts = run.counts();
    line(
        "scenes  %d: %d embedded, %d finished before, %d failed, %d left",
        run.scenes(),
        counts.embedded(),
        counts.alreadyDone(),
        counts.failed(),
        run.scenes() - run.settled());
    line(
        "chips   %d in %.1f s: %.1f chips/s with %s",
        counts.chips(), run.seconds(), report.pace().chipsPerSecond(), report.job().encoder());
    if (counts.leftOut().total() > 0) {
      line("left out  %s: %s", Count.of(counts.leftOut().total(), "chip"), counts.leftOut());
    }
    if (counts.embedded() > 0 && counts.chips() == 0 && counts.leftOut().outside() > 0) {
      line("area    no chip of these scenes is in it: check the coordinates of --aoi");
    }
    line(
        "bytes   fetched %.1f MB (%.1f MB/s), decoded %.1f MB (%.1f MB/s), written %.1f MB",
        counts.bytesFetched() / 1e6,
        run.perSecond(counts.bytesFetched() / 1e6),
        counts.bytesDecoded() / 1e6,
        run.perSecond(counts.bytesDecoded() / 1e6),
        counts.bytesWritten() / 1e6);
    if (counts.filesDecodedByGdal() > 0) {
      line(
          "files   %d decoded by Kiln, %d of other kinds by GDAL (slower; the log has the reasons)",
          counts.filesDecoded(), counts.filesDecodedByGdal());
    }
  }

  private void resources(RunReport report) {
    OptionalDouble cost = report.pace().cost();
    long chips = report.run().counts().chips();
    if (cost.isPresent() && chips > 0) {
      line(
          "cost    %.4f, %.4f per million chips",
          cost.getAsDouble(), cost.getAsDouble() * 1e6 / chips);
    }
    Traffic.Counts source = report.requests().sourceTraffic();
    Traffic.Counts out = report.requests().outTraffic();
    line(
        "requests  source %d (%d retries), out %d (%d retries)",
        source.requests(), source.retries(), out.requests(), out.retries());
    ResourceUse used = report.used();
    line(
        "used    cpu %.1f s%s%s%s%s",
        used.cpuSeconds(),
        used.throttledSeconds().orElse(0) >= 1
            ? " (held back %.0f s by the CPU quota)"
                .formatted(used.throttledSeconds().getAsDouble())
            : "",
        used.peakMemory().isPresent()
            ? ", peak memory %,d MB".formatted(used.peakMemory().getAsLong() / 1_000_000)
            : "",
        joules("processors", used.joules()),
        joules("device", used.deviceJoules()));
  }

  private void stages(RunReport report) {
    line("stage    threads   busy s   waiting s   blocked s   busy");
    for (Stage.Times s : report.run().stages()) {
      line(
          "%-8s %7d %8.1f %11.1f %11.1f %5.0f%%%s",
          s.stage(),
          s.threads(),
          s.busy(),
          s.waiting(),
          s.blocked(),
          100 * report.run().busyShare(s),
          s.stage().equals(report.pace().bottleneck()) ? "  bottleneck" : "");
    }
  }

  private static String joules(String of, OptionalDouble joules) {
    return joules.isEmpty()
        ? ""
        : String.format(Locale.ROOT, ", %s %,.0f J", of, joules.getAsDouble());
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}

package dev.kiln.benchmarks;

import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * How long each kind of operation of the oneDNN encoder takes, beside the same work alone: both in
 * one process, by oneDNN's own clock. One process a round serves all cases.
 */
final class OperationTimes {
  private static final int CHIPS = 2;

  /**
   * One kind of operation in one round. Times are medians, so that what disturbs a few runs of an
   * operation does not count.
   *
   * @param work of a chip, in floating point operations or bytes
   * @param seconds of a chip
   * @param alone seconds that the same work takes alone; 0 if that was not measured
   */
  private record Share(double work, double seconds, double alone) {}

  /** The operations of a chip, by their names. */
  private record Round(Map<String, Share> shares) {
    double seconds() {
      return shares.values().stream().mapToDouble(Share::seconds).sum();
    }

    double alone() {
      return shares.values().stream().mapToDouble(Share::alone).sum();
    }
  }

  private final Callable<ModelDirectory> model;
  private final DataType precision;
  private final List<Round> rounds = new ArrayList<>();
  private final Map<String, Integer> asked = new HashMap<>();

  OperationTimes(Callable<ModelDirectory> model, DataType precision) {
    this.model = model;
    this.precision = precision;
  }

  /** The cases: for each kind of operation alone and in the encoder, then all of them. */
  List<Case> cases(String benchmark, String subject) {
    List<Case> cases = new ArrayList<>();
    List<String> names = new ArrayList<>(OneDnnTrace.PRODUCTS);
    names.addAll(OneDnnTrace.MOVES);
    for (String name : names) {
      boolean product = OneDnnTrace.PRODUCTS.contains(name);
      String unit = product ? "GFLOP/s" : "GB/s";
      String work = subject + ": " + name;
      cases.add(
          Case.of(
              benchmark,
              work,
              product ? "product alone" : "copy alone",
              unit,
              sampler(work + 0, round -> rate(round.shares.get(name), true))));
      cases.add(
          Case.of(
                  benchmark,
                  work,
                  "in the encoder",
                  unit,
                  sampler(work + 1, round -> rate(round.shares.get(name), false)))
              .withRemark(rate -> share(name)));
    }
    String work = subject + ": a chip";
    cases.add(
        Case.of(
            benchmark,
            work,
            "all of these alone",
            "chips/s",
            sampler(work + 0, r -> 1 / r.alone())));
    cases.add(
        Case.of(
            benchmark, work, "in the encoder", "chips/s", sampler(work + 1, r -> 1 / r.seconds())));
    return cases;
  }

  private static double rate(Share share, boolean alone) {
    return share.work / (alone ? share.alone : share.seconds) / 1e9;
  }

  private String share(String name) {
    Round last = rounds.get(rounds.size() - 1);
    double seconds = last.shares.get(name).seconds;
    return String.format(
        Locale.ROOT, "%.1f ms, %.1f %% of a chip", 1e3 * seconds, 100 * seconds / last.seconds());
  }

  private interface Figure {
    double of(Round round);
  }

  private Case.Sampler sampler(String who, Figure figure) {
    return effort -> {
      int round = asked.merge(who, 1, Integer::sum) - 1;
      while (rounds.size() <= round) {
        rounds.add(measure());
      }
      double rate = figure.of(rounds.get(round));
      return List.of(new Case.Sample(rate, rate / PhysicalCores.available()));
    };
  }

  private Round measure() throws Exception {
    ModelDirectory exported = model.call();
    List<String> lines = EncoderProgram.run(exported, "CPU", precision, CHIPS, true);
    OneDnnTrace trace =
        new OneDnnTrace(exported.architecture(), 1 + EncoderProgram.patches().tokens());
    String mark = EncoderProgram.MARK;
    Map<String, List<OneDnnTrace.Run>> encoder =
        trace.between(lines, mark + "chips", mark + "encoded");
    Map<String, List<OneDnnTrace.Run>> alone = trace.between(lines, mark + "alone", mark + "end");
    Map<String, Share> shares = new HashMap<>();
    for (Map.Entry<String, List<OneDnnTrace.Run>> kind : encoder.entrySet()) {
      double work = kind.getValue().stream().mapToDouble(OneDnnTrace.Run::work).sum() / CHIPS;
      double alonePace = pace(alone.getOrDefault(kind.getKey(), List.of()));
      shares.put(kind.getKey(), new Share(work, pace(kind.getValue()) * work, alonePace * work));
    }
    for (String name : OneDnnTrace.PRODUCTS) {
      if (!shares.containsKey(name) || shares.get(name).alone == 0) {
        throw new IOException("oneDNN told nothing of " + name + ": " + shares.keySet());
      }
    }
    return new Round(shares);
  }

  /** Seconds for one of work, in the median. */
  private static double pace(List<OneDnnTrace.Run> runs) {
    double[] sorted =
        runs.stream().mapToDouble(run -> run.milliseconds() / 1e3 / run.work()).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }
}

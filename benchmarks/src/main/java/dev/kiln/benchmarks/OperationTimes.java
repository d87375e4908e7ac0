package dev.kiln.benchmarks;

import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.selftest.Candidate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Times of each kind of operation in the CPU encoder, and of oneDNN's plain operation alone: both
 * in one process. One process per round serves all cases.
 */
final class OperationTimes {
  private static final int CHIPS = 2;

  /**
   * One kind of operation in one round, from median times.
   *
   * @param work floating-point operations or bytes per chip
   * @param seconds seconds per chip
   * @param alone seconds of the same work alone; 0 if not measured
   */
  private record Share(double work, double seconds, double alone) {}

  /** The operations of a chip, by name. */
  private record Round(Map<String, Share> shares) {
    double seconds() {
      return shares.values().stream().mapToDouble(Share::seconds).sum();
    }

    double alone() {
      return shares.values().stream().mapToDouble(Share::alone).sum();
    }
  }

  private final Callable<ModelDirectory> model;
  private final Candidate candidate;
  private final List<Round> rounds = new ArrayList<>();
  private final Map<String, Integer> samplesTaken = new HashMap<>();

  OperationTimes(Callable<ModelDirectory> model, Candidate candidate) {
    this.model = model;
    this.candidate = candidate;
  }

  /** Returns the cases: each kind of operation alone and in the encoder, then all together. */
  List<Case> cases(String benchmark, String subject) {
    List<Case> cases = new ArrayList<>();
    List<String> names = new ArrayList<>(products());
    names.add("LayerNorm");
    for (String name : names) {
      boolean product = products().contains(name);
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

  /** Attention counts as one operation, also where it is three of oneDNN. */
  private static List<String> products() {
    List<String> names = new ArrayList<>(OneDnnTrace.PRODUCTS);
    names.removeAll(OneDnnTrace.FUSED);
    names.add(OneDnnTrace.ATTENTION);
    return names;
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

  private Case.Sampler sampler(String name, Figure figure) {
    return effort -> {
      int round = samplesTaken.merge(name, 1, Integer::sum) - 1;
      while (rounds.size() <= round) {
        rounds.add(measure());
      }
      double rate = figure.of(rounds.get(round));
      return List.of(new Case.Sample(rate, rate / PhysicalCores.available()));
    };
  }

  private Round measure() throws Exception {
    ModelDirectory exported = model.call();
    List<String> lines = EncoderProgram.run(exported, candidate.name(), CHIPS, true);
    OneDnnTrace trace =
        new OneDnnTrace(exported.architecture(), 1 + EncoderProgram.patches().tokens());
    String mark = EncoderProgram.MARK;
    Map<String, List<OneDnnTrace.Run>> encoder =
        trace.between(lines, mark + "chips", mark + "encoded");
    Map<String, List<OneDnnTrace.Run>> alone = trace.between(lines, mark + "alone", mark + "end");
    Map<String, Share> shares = new HashMap<>();
    double separate = 0;
    double flops = 0;
    for (String name : OneDnnTrace.FUSED) {
      List<OneDnnTrace.Run> runs = encoder.getOrDefault(name, List.of());
      double work = work(runs) / CHIPS;
      separate += pace(runs) * work;
      flops += OneDnnTrace.PRODUCTS.contains(name) ? work : 0;
    }
    encoder.keySet().removeAll(OneDnnTrace.FUSED);
    if (separate > 0) {
      shares.put(
          OneDnnTrace.ATTENTION,
          new Share(flops, separate, attentionAlone(alone, exported.architecture())));
    }
    for (Map.Entry<String, List<OneDnnTrace.Run>> kind : encoder.entrySet()) {
      double work = work(kind.getValue()) / CHIPS;
      double secondsAlone =
          kind.getKey().equals(OneDnnTrace.ATTENTION)
              ? attentionAlone(alone, exported.architecture())
              : pace(alone.getOrDefault(kind.getKey(), List.of())) * work;
      shares.put(kind.getKey(), new Share(work, pace(kind.getValue()) * work, secondsAlone));
    }
    for (String name : products()) {
      if (!shares.containsKey(name) || shares.get(name).alone == 0) {
        throw new IOException(
            "trace of the encoder: expected operation " + name + ", found " + shares.keySet());
      }
    }
    return new Round(shares);
  }

  /** Returns the seconds of scores, softmax and weighted sum, for all blocks but the last. */
  private static double attentionAlone(
      Map<String, List<OneDnnTrace.Run>> alone, Architecture model) {
    double oneHead = 0;
    for (String name : OneDnnTrace.FUSED) {
      List<OneDnnTrace.Run> runs = alone.get(name);
      oneHead += pace(runs) * runs.get(0).work();
    }
    return oneHead * model.heads() * (model.depth() - 1);
  }

  private static double work(List<OneDnnTrace.Run> runs) {
    return runs.stream().mapToDouble(OneDnnTrace.Run::work).sum();
  }

  /** Returns the median of seconds per unit of work. */
  private static double pace(List<OneDnnTrace.Run> runs) {
    double[] sorted =
        runs.stream().mapToDouble(run -> run.milliseconds() / 1e3 / run.work()).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }
}

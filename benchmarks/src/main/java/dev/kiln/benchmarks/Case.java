package dev.kiln.benchmarks;

import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;

/**
 * A figure to measure. Cases of the same benchmark and workload are compared: the first that is not
 * skipped is the reference.
 *
 * @param benchmark such as {@code decode}
 * @param workload such as {@code naip, 1 thread}
 * @param candidate implementation that does the work
 * @param unit unit of a sample; more is better
 * @param sampler takes samples; checks the result of the work before it times it
 * @param remark text for the median rates; may be empty
 * @param skipped why this machine cannot measure it; empty if it can
 */
record Case(
    String benchmark,
    String workload,
    String candidate,
    String unit,
    Sampler sampler,
    Remark remark,
    Optional<String> skipped) {

  /**
   * A measurement.
   *
   * @param rate work per second, in the unit of the case
   * @param perCore work per CPU second
   */
  record Sample(double rate, double perCore) {
    /** Returns the sample of some work. */
    static Sample of(double work, double seconds, double cpuSeconds) {
      return new Sample(work / seconds, work / cpuSeconds);
    }
  }

  /** Takes samples. */
  interface Sampler {
    /** Returns new samples in the unit of the case. */
    List<Sample> sample(Effort effort) throws Exception;
  }

  /** Explains a result. */
  interface Remark {
    /** Returns a text for the medians of rate and rate per core. */
    String of(double rate, double perCore);
  }

  /**
   * How long to measure.
   *
   * @param rounds rounds over all cases
   * @param iterations samples per round
   * @param millis least duration of a sample
   * @param inProcess whether to run in this JVM instead of a forked one
   */
  record Effort(int rounds, int iterations, long millis, boolean inProcess) {}

  /** Returns a case that this machine can measure. */
  static Case of(
      String benchmark, String workload, String candidate, String unit, Sampler sampler) {
    return new Case(
        benchmark, workload, candidate, unit, sampler, (rate, perCore) -> "", Optional.empty());
  }

  /** Returns this case with a remark about the rate per core. */
  Case withRemark(DoubleFunction<String> text) {
    return with((rate, perCore) -> text.apply(perCore));
  }

  /** Returns this case with a remark about the rate. */
  Case withRateRemark(DoubleFunction<String> text) {
    return with((rate, perCore) -> text.apply(rate));
  }

  private Case with(Remark text) {
    return new Case(benchmark, workload, candidate, unit, sampler, text, skipped);
  }

  /** Returns a case that this machine cannot measure. */
  static Case skipped(
      String benchmark, String workload, String candidate, String unit, String reason) {
    return new Case(
        benchmark,
        workload,
        candidate,
        unit,
        effort -> List.of(),
        (rate, perCore) -> "",
        Optional.of(reason));
  }

  String name() {
    return benchmark + ": " + workload + ": " + candidate;
  }
}

package dev.kiln.benchmarks;

import java.util.List;
import java.util.function.DoubleFunction;

/**
 * One figure to take. Cases of the same benchmark and subject are contestants: the first that is
 * not skipped is what the others are compared with.
 *
 * @param benchmark such as {@code decode}
 * @param subject what is worked on, such as {@code naip, 1 thread}
 * @param contestant what does the work
 * @param unit of a sample; more is better
 * @param sampler takes samples; checks the result of the work before it times it
 * @param remark says of the median per core what it means, perhaps nothing
 * @param skipped why this machine cannot take it; null if it can
 */
record Case(
    String benchmark,
    String subject,
    String contestant,
    String unit,
    Sampler sampler,
    DoubleFunction<String> remark,
    String skipped) {

  /**
   * One measurement.
   *
   * @param rate a second of the clock, in the case's unit
   * @param perCore a second of one core's work
   */
  record Sample(double rate, double perCore) {
    /** Of an amount of work that took so long. */
    static Sample of(double work, double seconds, double coreSeconds) {
      return new Sample(work / seconds, work / coreSeconds);
    }
  }

  /** Takes samples. */
  interface Sampler {
    /** Samples in the case's unit; each call starts anew. */
    List<Sample> sample(Effort effort) throws Exception;
  }

  /**
   * How long to measure.
   *
   * @param rounds how often the cases take turns
   * @param iterations samples a round
   * @param millis of one sample, at least
   * @param inProcess whether to run in this JVM and not in a fresh one
   */
  record Effort(int rounds, int iterations, long millis, boolean inProcess) {}

  /** A case that this machine can take. */
  static Case of(
      String benchmark, String subject, String contestant, String unit, Sampler sampler) {
    return new Case(benchmark, subject, contestant, unit, sampler, median -> "", null);
  }

  Case withRemark(DoubleFunction<String> text) {
    return new Case(benchmark, subject, contestant, unit, sampler, text, skipped);
  }

  /** A case that this machine cannot take, and why. */
  static Case skipped(
      String benchmark, String subject, String contestant, String unit, String why) {
    return new Case(benchmark, subject, contestant, unit, effort -> List.of(), median -> "", why);
  }

  String name() {
    return benchmark + ": " + subject + ": " + contestant;
  }
}

package dev.kiln.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Takes samples with JMH in a forked JVM.
 *
 * @param benchmark class with one JMH benchmark, in throughput mode per second
 * @param parameters JMH parameters
 * @param counter auxiliary counter to report
 * @param scale counts per unit: 1e6 for bytes and MB/s
 */
record JmhSampler(Class<?> benchmark, Map<String, String> parameters, String counter, double scale)
    implements Case.Sampler {

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(benchmark.getName()) + "\\.")
            .forks(effort.inProcess() ? 0 : 1)
            .warmupIterations(1)
            .warmupTime(TimeValue.milliseconds(effort.millis()))
            .measurementIterations(effort.iterations())
            .measurementTime(TimeValue.milliseconds(effort.millis()))
            .timeout(TimeValue.minutes(20))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    parameters.forEach(options::param);
    List<Case.Sample> samples = new ArrayList<>();
    for (RunResult run : new Runner(options.build()).run()) {
      for (IterationResult iteration : iterations(run)) {
        double rate = counter(iteration, counter) / scale;
        samples.add(Case.Sample.of(rate, 1, counter(iteration, "coreNanos") / 1e9));
      }
    }
    return samples;
  }

  private static double counter(IterationResult iteration, String name) {
    return iteration.getSecondaryResults().get(name).getScore();
  }

  private static List<IterationResult> iterations(RunResult run) {
    return run.getBenchmarkResults().stream()
        .flatMap(fork -> fork.getIterationResults().stream())
        .toList();
  }
}

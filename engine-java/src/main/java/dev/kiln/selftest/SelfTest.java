package dev.kiln.selftest;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.sample.SampleSize;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Proves Kiln's device code on the machine it runs on: that it computes what its references do, and
 * how fast. Where there is no device every check says so.
 */
public final class SelfTest {
  /** The one that the released weights have, and of which speeds are told. */
  public static final Architecture USUAL_MODEL = Architecture.named("large");

  private final Options options;
  private final Device device;
  private final DevicePeaks yardstick = new DevicePeaks();

  /**
   * What to prove.
   *
   * @param work folder for models and scenes; can be deleted afterwards
   * @param golden folder with golden cases; empty leaves them out
   * @param quick a minute of measurements in place of many
   * @param model whose speed is measured
   * @param batches chips in a batch; each is measured
   * @param only parts of names of checks; those that hold none of them are left out, unless there
   *     is nothing in it
   */
  public record Options(
      Path work,
      Optional<Path> golden,
      boolean quick,
      Architecture model,
      List<Integer> batches,
      List<String> only) {
    public Options {
      batches = List.copyOf(batches);
      only = List.copyOf(only);
    }
  }

  /**
   * The machine's side of it.
   *
   * @param status whether a device can be opened
   * @param open opens it
   * @param contenders encoders
   * @param products libraries that measure the matrix ceiling
   * @param gauge opens what says how busy the device is; gives null if nothing does
   */
  record Device(
      CudaDriver.Status status,
      Supplier<Gpu> open,
      List<Candidate> contenders,
      List<MatrixProduct> products,
      Supplier<DoubleSupplier> gauge) {}

  private SelfTest(Options options, Device device) {
    this.options = options;
    this.device = device;
  }

  /**
   * Runs every check on this machine's first device.
   *
   * @param version of Kiln
   * @param soFar takes the report after each check: a proof that is cut short has it up to there
   * @throws ConfigurationException if there are no such golden cases or no such checks
   */
  public static SelfTestReport run(Options options, String version, Consumer<SelfTestReport> soFar)
      throws IOException {
    return run(options, version, LocalMachine.device(), soFar);
  }

  static SelfTestReport run(
      Options options, String version, Device device, Consumer<SelfTestReport> soFar)
      throws IOException {
    List<Check> checks = chosen(new SelfTest(options, device).checks(), options.only());
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("kiln", version);
    machine.putAll(LocalMachine.describe(device));
    List<CheckResult> findings = new ArrayList<>();
    CheckRunner proof = new CheckRunner(device.status());
    for (Check check : checks) {
      findings.add(proof.of(check));
      soFar.accept(new SelfTestReport(machine, findings));
    }
    return new SelfTestReport(machine, findings);
  }

  private static List<Check> chosen(List<Check> checks, List<String> only) {
    List<Check> chosen =
        checks.stream()
            .filter(check -> only.isEmpty() || only.stream().anyMatch(check.name()::contains))
            .toList();
    if (chosen.isEmpty()) {
      throw new ConfigurationException(
          "--only %s: no check is named so; there are: %s"
              .formatted(
                  String.join(",", only),
                  checks.stream().map(Check::name).collect(Collectors.joining("; "))));
    }
    return chosen;
  }

  private List<Check> checks() throws IOException {
    List<Check> checks = new ArrayList<>();
    checks.add(new PatchKernelCheck(device.open()));
    checks.add(new CopyCheck(device.open(), yardstick, options.quick() ? 128L << 20 : 1L << 30));
    checks.add(new PatchBandwidthCheck(device.open(), yardstick, options.quick() ? 8 : 49, 8));
    checks.add(
        new MatrixCeilingCheck(
            device.open(), device.products(), yardstick, options.quick() ? 4096 : 8192));
    golden(checks);
    pace(checks);
    return checks;
  }

  private void golden(List<Check> checks) throws IOException {
    if (options.golden().isEmpty()) {
      checks.add(new Missing("golden cases", "no golden cases are here: give --golden DIR"));
      return;
    }
    List<GoldenSet> sets = GoldenSet.under(options.golden().get());
    for (Candidate contender : device.contenders()) {
      for (GoldenSet set : sets) {
        checks.add(new GoldenCheck(contender, set, options.work()));
      }
    }
  }

  private void pace(List<Check> checks) {
    RandomModel model = new RandomModel(options.model(), options.work());
    Duration time = Duration.ofSeconds(options.quick() ? 2 : 10);
    for (Candidate contender : device.contenders()) {
      for (int batch : options.batches()) {
        checks.add(new ThroughputCheck(contender, batch, model, yardstick, time));
      }
    }
    EmbedCheck.Scenes scenes =
        options.quick()
            ? new EmbedCheck.Scenes(SampleSize.SMALL, 4, options.work())
            : new EmbedCheck.Scenes(new SampleSize(6500, 5200, 2), 12, options.work());
    int batch = options.batches().get(options.batches().size() / 2);
    for (Candidate contender : device.contenders()) {
      checks.add(new EmbedCheck(contender, batch, model, device.gauge(), scenes));
    }
  }

  /** Something that was not given. */
  private record Missing(String name, String reason) implements Check {
    @Override
    public List<Measurement> run() throws SkippedException {
      throw new SkippedException(reason);
    }
  }
}

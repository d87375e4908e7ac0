package dev.kiln.selftest;

import dev.kiln.cuda.CudaDriver;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.gpu.KernelEncoder;
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
 * Checks and measures Kiln's GPU path on this machine: the results of device code compared with
 * references, and its speed. Without a device all checks are skipped with the reason.
 */
public final class SelfTest {
  /** Size of the model whose speed is measured: that of the released weights. */
  public static final Architecture DEFAULT_MODEL = Architecture.named("large");

  private final Options options;
  private final Device device;
  private final DevicePeaks peaks;
  private final RandomModel model;

  /**
   * Selects checks.
   *
   * @param work directory for models and scenes; can be deleted afterwards
   * @param golden directory of golden cases; without it those checks are skipped
   * @param quick whether to measure for a minute instead of several
   * @param model size of the model whose speed is measured
   * @param batches batch sizes to measure, in chips
   * @param only parts of names: only checks whose names contain one of them run; empty for all
   * @param skip parts of names: checks whose names contain one of them do not run
   * @param peers results of PyTorch on this device
   */
  public record Options(
      Path work,
      Optional<Path> golden,
      boolean quick,
      Architecture model,
      List<Integer> batches,
      List<String> only,
      List<String> skip,
      Optional<Peers> peers) {
    /** Copies the lists. */
    public Options {
      batches = List.copyOf(batches);
      only = List.copyOf(only);
      skip = List.copyOf(skip);
    }

    /** Returns options for a model of Clay's size, all checks and no golden cases. */
    public static Options of(Path work) {
      return new Options(
          work,
          Optional.empty(),
          false,
          DEFAULT_MODEL,
          List.of(32, 64, 128),
          List.of(),
          List.of(),
          Optional.empty());
    }

    /** Returns these options with golden cases. */
    public Options withGolden(Optional<Path> changed) {
      return new Options(work, changed, quick, model, batches, only, skip, peers);
    }

    /** Returns these options with short measurements. */
    public Options withQuick(boolean changed) {
      return new Options(work, golden, changed, model, batches, only, skip, peers);
    }

    /** Returns these options with another model size. */
    public Options withModel(Architecture changed) {
      return new Options(work, golden, quick, changed, batches, only, skip, peers);
    }

    /** Returns these options with other batch sizes. */
    public Options withBatches(List<Integer> changed) {
      return new Options(work, golden, quick, model, changed, only, skip, peers);
    }

    /** Returns these options with only some of the checks. */
    public Options withOnly(List<String> changed) {
      return new Options(work, golden, quick, model, batches, changed, skip, peers);
    }

    /** Returns these options without some of the checks. */
    public Options withSkip(List<String> changed) {
      return new Options(work, golden, quick, model, batches, only, changed, peers);
    }

    /**
     * Returns these options with the results of PyTorch.
     *
     * @param file that {@code benchmarks/peers/clay_torch.py} wrote
     * @throws ConfigurationException if it is another file
     */
    public Options withPeers(Path file) throws IOException {
      return new Options(
          work, golden, quick, model, batches, only, skip, Optional.of(Peers.read(file)));
    }
  }

  /**
   * The device and its libraries on this machine.
   *
   * @param status whether a device can be opened
   * @param open opens it
   * @param candidates encoders
   * @param products libraries that measure the matrix ceiling
   * @param gauge opens a gauge of the device's busy fraction; returns null if there is none
   */
  record Device(
      CudaDriver.Status status,
      Supplier<Gpu> open,
      List<Candidate> candidates,
      List<MatrixProduct> products,
      Supplier<DoubleSupplier> gauge) {}

  private SelfTest(Options options, Device device) {
    this.options = options;
    this.device = device;
    this.peaks = new DevicePeaks(options.peers());
    this.model = new RandomModel(options.model(), options.work());
  }

  /**
   * Runs the checks on this machine's first device.
   *
   * @param version of Kiln
   * @param progress receives the report after each check, so that an interrupted run has a report
   * @throws ConfigurationException if there are no such golden cases or no such checks
   */
  public static SelfTestReport run(
      Options options, String version, Consumer<SelfTestReport> progress) throws IOException {
    return run(options, version, LocalMachine.device(), progress);
  }

  static SelfTestReport run(
      Options options, String version, Device device, Consumer<SelfTestReport> progress)
      throws IOException {
    List<Check> checks = chosen(new SelfTest(options, device).checks(), options);
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("kiln", version);
    machine.putAll(LocalMachine.describe(device));
    List<CheckResult> results = new ArrayList<>();
    CheckRunner runner = new CheckRunner(device.status());
    for (Check check : checks) {
      results.add(runner.run(check));
      progress.accept(new SelfTestReport(machine, results));
    }
    return new SelfTestReport(machine, results);
  }

  /**
   * Creates the models that the checks need, without a device, so that they need not be computed on
   * an expensive machine.
   */
  public static void prepare(Options options) throws IOException {
    new RandomModel(options.model(), options.work()).directory();
    if (options.golden().isPresent()) {
      for (GoldenSet set : GoldenSet.under(options.golden().get())) {
        set.model(options.work());
      }
    }
  }

  private static List<Check> chosen(List<Check> checks, Options options) {
    List<Check> chosen =
        checks.stream()
            .filter(check -> options.only().isEmpty() || contains(check, options.only()))
            .filter(check -> !contains(check, options.skip()))
            .toList();
    if (chosen.isEmpty()) {
      throw new ConfigurationException(
          "--only %s, --skip %s: expected at least one of the checks %s, found none"
              .formatted(
                  options.only(),
                  options.skip(),
                  checks.stream().map(Check::name).collect(Collectors.joining("; "))));
    }
    return chosen;
  }

  private static boolean contains(Check check, List<String> texts) {
    return texts.stream().anyMatch(check.name()::contains);
  }

  private List<Check> checks() throws IOException {
    boolean quick = options.quick();
    List<Check> checks = new ArrayList<>();
    checks.add(new PatchKernelCheck(device.open()));
    checks.add(new CopyCheck(device.open(), peaks, quick ? 128L << 20 : 1L << 30));
    // They shrink with the model, so that a rehearsal with a small one takes seconds. With Clay's
    // size, 4,096: a strip is 8 chips high and 8 or 48 wide.
    int side = options.model().mlpDim();
    int chips = Math.max(1, side / 512);
    checks.add(new PatchBandwidthCheck(device.open(), peaks, quick ? chips : 6 * chips, chips));
    checks.add(
        new MatrixCeilingCheck(device.open(), device.products(), peaks, quick ? side : 2 * side));
    checks.add(new PeersCheck(options.peers()));
    // 1,025 tokens and, unless it is quick, 64 chips with Clay's size: the default batch. Rates of
    // smaller batches are
    // lower, because their last blocks leave a larger part of the device idle.
    int batch = Math.min(quick ? 8 : KernelEncoder.DEFAULT_BATCH_SIZE, Math.max(2, side / 64));
    checks.add(new KernelsCheck(device.open(), peaks, options.model(), side / 4 + 1, batch));
    addGolden(checks);
    for (Candidate candidate : device.candidates()) {
      checks.add(new ReferenceCheck(candidate, model));
    }
    addSpeed(checks);
    return checks;
  }

  private void addGolden(List<Check> checks) throws IOException {
    if (options.golden().isEmpty()) {
      checks.add(new Missing("golden cases", "no golden cases: give --golden DIR"));
      return;
    }
    List<GoldenSet> sets = GoldenSet.under(options.golden().get());
    for (Candidate candidate : device.candidates()) {
      for (GoldenSet set : sets) {
        checks.add(new GoldenCheck(candidate, set, options.work()));
      }
    }
  }

  private void addSpeed(List<Check> checks) {
    Duration time = Duration.ofSeconds(options.quick() ? 2 : 10);
    for (Candidate candidate : device.candidates()) {
      for (int batch : options.batches()) {
        checks.add(new ThroughputCheck(candidate, batch, model, peaks, time));
      }
    }
    EmbedCheck.Scenes scenes =
        options.quick()
            ? new EmbedCheck.Scenes(SampleSize.SMALL, 4, options.work())
            : new EmbedCheck.Scenes(new SampleSize(6500, 5200, 2), 12, options.work());
    int batch = options.batches().get(options.batches().size() / 2);
    for (Candidate candidate : device.candidates()) {
      checks.add(new EmbedCheck(candidate, batch, model, device.gauge(), scenes));
    }
  }

  /** Returns a check that is skipped for lack of its input. */
  private record Missing(String name, String reason) implements Check {
    @Override
    public List<Measurement> run() throws SkippedException {
      throw new SkippedException(reason);
    }
  }
}

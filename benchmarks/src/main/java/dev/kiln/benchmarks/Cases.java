package dev.kiln.benchmarks;

import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.selftest.Candidate;
import dev.kiln.selftest.EncoderCandidates;
import dev.kiln.selftest.EncoderFlops;
import dev.kiln.selftest.Measurement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** All cases, in the order of the table; the first candidate of a workload is the reference. */
final class Cases {
  private static final double PYTORCH_LARGE = 1 / 0.66;
  private static final int GPU = 1000;

  private final Workplace workplace;
  private final List<Case> cases = new ArrayList<>();

  private Cases(Workplace workplace) {
    this.workplace = workplace;
  }

  static List<Case> all(Workplace workplace) {
    Cases all = new Cases(workplace);
    all.decode("naip");
    all.decode("sentinel-2-l2a");
    all.fetch();
    all.patch("naip");
    all.patch("sentinel-2-l2a");
    all.encoder();
    all.geoParquet();
    all.manifest();
    all.search();
    all.wholeJob("naip");
    all.wholeJob("sentinel-2-l2a");
    return all.cases;
  }

  private void decode(String platform) {
    int processors = Runtime.getRuntime().availableProcessors();
    for (int threads : processors == 1 ? new int[] {1} : new int[] {1, processors}) {
      String subject = platform + ", " + threads + (threads == 1 ? " thread" : " threads");
      cases.add(decode(subject, "libdeflate alone", InflateBenchmark.class, platform, threads, ""));
      cases.add(
          decode(subject, "native, strips", DecodeBenchmark.class, platform, threads, "NATIVE"));
      cases.add(decode(subject, "GDAL, strips", DecodeBenchmark.class, platform, threads, "GDAL"));
      if (threads == 1) {
        cases.add(
            decode(subject, "GDAL, one window per chip", WindowBenchmark.class, platform, 0, ""));
      }
      cases.add(
          GdalTranslate.installed()
              ? Case.of(
                  "decode",
                  subject,
                  "gdal_translate",
                  "MB/s",
                  new GdalTranslate(workplace, platform, threads))
              : Case.skipped(
                  "decode", subject, "gdal_translate", "MB/s", "not installed: gdal-bin"));
    }
  }

  /** Returns a case for JMH; 0 and empty are parameters that the benchmark does not have. */
  private Case decode(
      String subject,
      String candidate,
      Class<?> benchmark,
      String platform,
      int threads,
      String decoder) {
    Map<String, String> parameters = new TreeMap<>(Map.of("platform", platform));
    if (threads > 0) {
      parameters.put("threads", Integer.toString(threads));
    }
    if (!decoder.isEmpty()) {
      parameters.put("decoder", decoder);
    }
    return Case.of(
        "decode",
        subject,
        candidate,
        "MB/s",
        effort -> {
          parameters.put("sample", workplace.sample().toString());
          return new JmhSampler(benchmark, parameters, "bytes", 1e6).sample(effort);
        });
  }

  private void fetch() {
    String subject = "naip scene, loopback";
    for (int connections : new int[] {1, 8}) {
      cases.add(
          Case.of(
              "fetch",
              subject,
              "engine, " + connections + (connections == 1 ? " connection" : " connections"),
              "MB/s",
              effort ->
                  new JmhSampler(
                          FetchBenchmark.class,
                          Map.of(
                              "file",
                              scene().toString(),
                              "connections",
                              Integer.toString(connections)),
                          "bytes",
                          1e6)
                      .sample(effort)));
    }
    cases.add(
        Curl.installed()
            ? Case.of("fetch", subject, "curl", "MB/s", effort -> new Curl(scene()).sample(effort))
            : Case.skipped("fetch", subject, "curl", "MB/s", "not installed: curl"));
  }

  /** Returns the file of the NAIP scene of the sample. */
  private Path scene() throws IOException {
    Path sample = workplace.sample();
    return SampleScene.archive(sample, "naip").resolve(SampleScene.keys(sample, "naip").get(0));
  }

  private void patch(String platform) {
    Map<String, String> candidates = new LinkedHashMap<>();
    candidates.put("Java, float32", "REFERENCE");
    candidates.put("native, float32", "FP32");
    candidates.put("native, bfloat16", "BF16");
    candidates.forEach(
        (name, code) ->
            cases.add(
                Case.of(
                        "patchify",
                        platform + ", 1 thread",
                        name,
                        "GB/s",
                        new JmhSampler(
                            PatchBenchmark.class,
                            Map.of("platform", platform, "code", code),
                            "bytes",
                            1e9))
                    .withRemark(
                        median ->
                            code.equals("REFERENCE")
                                ? ""
                                : Measurement.of("per core", median, "GB/s")
                                    .atLeast(2)
                                    .toString())));
  }

  private void encoder() {
    encoder(Workplace.MODEL, 0, "");
    encoder(Workplace.LARGE, 1, workplace.small() ? "only in a full run" : "");
    Architecture measured = workplace.small() ? Workplace.MODEL : Workplace.LARGE;
    for (Candidate candidate : candidates()) {
      start(measured, candidate);
    }
    for (Candidate candidate : EncoderCandidates.onCpu()) {
      if (candidate.name().startsWith("onednn")) {
        operations(measured, candidate);
      }
    }
  }

  private static List<Candidate> candidates() {
    List<Candidate> all = new ArrayList<>(EncoderCandidates.onCpu());
    all.addAll(EncoderCandidates.onGpu());
    return all;
  }

  private static String workload(Architecture model) {
    return "naip, " + model.name() + " model";
  }

  /**
   * Adds the encoders of a model. On a CPU they encode chip by chip; on a GPU batches are the
   * encoder's default.
   *
   * @param cpuBatchSize chips per batch on the CPU; 0 for the encoder's default
   * @param skipped why nothing is measured; empty if it is
   */
  private void encoder(Architecture architecture, int cpuBatchSize, String skipped) {
    for (Candidate candidate : EncoderCandidates.onCpu()) {
      encoder(architecture, candidate, cpuBatchSize, skipped);
    }
    int tokens = 1 + EncoderProgram.patches().tokens();
    String noPeer = PyTorch.installed() ? skipped : "not installed: torch of python3";
    for (PyTorch.Precision precision : PyTorch.Precision.values()) {
      for (int batch : new int[] {1, 4}) {
        PyTorch peer = new PyTorch(architecture, tokens, precision, batch);
        String workload = workload(architecture);
        cases.add(
            noPeer.isEmpty()
                ? Case.of("encoder", workload, peer.title(), "chips/s", peer)
                : Case.skipped("encoder", workload, peer.title(), "chips/s", noPeer));
      }
    }
    for (Candidate candidate : EncoderCandidates.onGpu()) {
      encoder(architecture, candidate, 0, skipped);
    }
  }

  private void encoder(
      Architecture architecture, Candidate candidate, int batchSize, String skipped) {
    String workload = workload(architecture);
    String reason = skipped.isEmpty() ? candidate.missing().get().orElse("") : skipped;
    if (!reason.isEmpty()) {
      cases.add(Case.skipped("encoder", workload, candidate.name(), "chips/s", reason));
      return;
    }
    double flops =
        EncoderFlops.nominal(
            architecture, 256, PlatformCatalog.builtIn().get("naip").bands().size());
    cases.add(
        Case.of(
                "encoder",
                workload,
                candidate.name(),
                "chips/s",
                effort ->
                    new JmhSampler(
                            EncoderBenchmark.class,
                            Map.of(
                                "model",
                                workplace.model(architecture).path().toString(),
                                "candidate",
                                candidate.name(),
                                "batchSize",
                                Integer.toString(batchSize)),
                            "items",
                            1)
                        .sample(effort))
            .withRateRemark(
                rate ->
                    Measurement.of("matrix products", rate * flops / 1e12, "TFLOP/s").toString()));
  }

  private void start(Architecture architecture, Candidate candidate) {
    Optional<String> missing = candidate.missing().get();
    String workload = workload(architecture);
    if (missing.isPresent()) {
      cases.add(
          Case.skipped("encoder start", workload, candidate.name(), "openings/s", missing.get()));
      return;
    }
    EncoderStart start = new EncoderStart(() -> workplace.model(architecture), candidate);
    cases.add(
        Case.of("encoder start", workload, candidate.name(), "openings/s", start)
            .withRemark(start::remark));
  }

  private void operations(Architecture architecture, Candidate candidate) {
    String workload = architecture.name() + ", " + candidate.precision().label();
    Optional<String> missing = candidate.missing().get();
    if (missing.isPresent()) {
      cases.add(
          Case.skipped(
              "encoder operations",
              workload + ": all operations",
              "in the encoder",
              "chips/s",
              missing.get()));
      return;
    }
    cases.addAll(
        new OperationTimes(() -> workplace.model(architecture), candidate)
            .cases("encoder operations", workload));
  }

  private void geoParquet() {
    for (boolean bf16 : new boolean[] {false, true}) {
      cases.add(
          Case.of(
                  "GeoParquet",
                  "1,813 chips, dim 1024, 1 thread",
                  bf16 ? "16-bit values" : "32-bit values",
                  "chips/s",
                  new JmhSampler(
                      GeoParquetBenchmark.class,
                      Map.of("bf16", Boolean.toString(bf16)),
                      "items",
                      1))
              .withRemark(Cases::shareOfRun));
    }
  }

  /** Returns the share of a thread next to a fast GPU encoder, and next to PyTorch on two cores. */
  private static String shareOfRun(double chipsPerSecond) {
    return String.format(
        Locale.ROOT,
        "%.1f %% of a thread at 1,000 chips/s, %.4f %% at 1.5 chips/s",
        100 * GPU / chipsPerSecond,
        100 * PYTORCH_LARGE / chipsPerSecond);
  }

  private void manifest() {
    cases.add(
        Case.of(
                "manifest",
                "NAIP, 1,231,441 lines, 1 thread",
                "NaipManifest",
                "million lines/s",
                new JmhSampler(ManifestBenchmark.class, Map.of(), "items", 1e6))
            .withRemark(
                median ->
                    Measurement.of("CPU time", ManifestBenchmark.ALL / 1e6 / median, "s")
                        .atMost(1)
                        .toString()));
  }

  private void search() {
    int rows = Integer.getInteger("kiln.benchmarks.rows", workplace.small() ? 3000 : 100_000);
    String subject =
        String.format(Locale.ROOT, "%,d clustered vectors of %,d values", rows, SearchDataset.DIM);
    cases.add(Case.of("search index", subject, "kiln index", "rows/s", new IndexRate(workplace)));
    Map<String, SearchRate.By> candidates = new LinkedHashMap<>();
    candidates.put("exact, Kiln", SearchRate.By.EXACT);
    candidates.put("exact, DuckDB", SearchRate.By.DUCKDB);
    candidates.put("index, Kiln", SearchRate.By.INDEX);
    candidates.forEach(
        (name, by) ->
            cases.add(
                Case.of("search", subject, name, "searches/s", new SearchRate(workplace, by))));
  }

  private void wholeJob(String platform) {
    String subject = platform + ", tiny model";
    Map<String, WholeJob.Parts> candidates = new LinkedHashMap<>();
    // On a CPU the encoder is the slowest stage and bounds the whole job.
    candidates.put("encoder alone", WholeJob.Parts.ENCODER);
    candidates.put("kiln embed", WholeJob.Parts.ALL_AT_ONCE);
    candidates.put("stages one after the other", WholeJob.Parts.ONE_AFTER_THE_OTHER);
    candidates.put("everything but the encoder", WholeJob.Parts.ALL_BUT_ENCODER);
    candidates.forEach(
        (name, parts) ->
            cases.add(
                Case.of(
                    "whole job",
                    subject,
                    name,
                    "chips/s",
                    new WholeJob(workplace, platform, parts))));
  }
}

package dev.kiln.benchmarks;

import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * Every case there is, in the order of the table; the first contestant of a subject is its base.
 */
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
        cases.add(decode(subject, "GDAL, a window a chip", WindowBenchmark.class, platform, 0, ""));
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

  /** A case with JMH; parameters that the benchmark has not are 0 or empty. */
  private Case decode(
      String subject,
      String contestant,
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
        contestant,
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

  /** The file of the sample's NAIP scene. */
  private Path scene() throws IOException {
    Path sample = workplace.sample();
    return SampleScene.archive(sample, "naip").resolve(SampleScene.keys(sample, "naip").get(0));
  }

  private void patch(String platform) {
    Map<String, String> contestants = new LinkedHashMap<>();
    contestants.put("Java, float32", "REFERENCE");
    contestants.put("native, float32", "FP32");
    contestants.put("native, bfloat16", "BF16");
    contestants.forEach(
        (name, code) ->
            cases.add(
                Case.of(
                        "patch rows",
                        platform + ", 1 thread",
                        name,
                        "GB/s",
                        new JmhSampler(
                            PatchBenchmark.class,
                            Map.of("platform", platform, "code", code),
                            "bytes",
                            1e9))
                    .withRemark(
                        median -> code.equals("REFERENCE") ? "" : goal("2 GB/s", median >= 2))));
  }

  private void encoder() {
    encoder(Workplace.MODEL, 0);
    String why = "only in a full run";
    if (workplace.small()) {
      cases.add(Case.skipped("encoder", subject(Workplace.LARGE), "CPU", "chips/s", why));
    } else {
      encoder(Workplace.LARGE, 1);
    }
    Architecture measured = workplace.small() ? Workplace.MODEL : Workplace.LARGE;
    Callable<ModelDirectory> model = () -> workplace.model(measured);
    start(measured, model, "ONNXRUNTIME", DataType.FP32);
    start(measured, model, "CPU", DataType.FP32);
    start(measured, model, "CPU", DataType.BF16);
    for (DataType precision : List.of(DataType.FP32, DataType.BF16)) {
      cases.addAll(
          new OperationTimes(model, precision)
              .cases("encoder operations", measured.name() + ", " + words(precision)));
    }
  }

  private static String subject(Architecture model) {
    return "naip, " + model.name() + " model";
  }

  private static String words(DataType precision) {
    return precision.label();
  }

  /**
   * @param batch chips in a batch; 0 lets the encoder choose
   */
  private void encoder(Architecture architecture, int batch) {
    Callable<ModelDirectory> model = () -> workplace.model(architecture);
    String subject = subject(architecture);
    encoder(subject, model, "ONNXRUNTIME", DataType.FP32, batch);
    encoder(subject, model, "CPU", DataType.FP32, batch);
    encoder(subject, model, "CPU", DataType.BF16, batch);
    for (boolean bf16 : new boolean[] {false, true}) {
      String contestant = "PyTorch, " + (bf16 ? "bf16 autocast" : "fp32");
      int tokens = 1 + EncoderProgram.patches().tokens();
      cases.add(
          PyTorch.installed()
              ? Case.of(
                  "encoder",
                  subject,
                  contestant,
                  "chips/s",
                  new PyTorch(architecture, tokens, bf16))
              : Case.skipped(
                  "encoder", subject, contestant, "chips/s", "not installed: torch of python3"));
    }
    cases.add(
        Case.skipped(
            "encoder",
            subject,
            "TensorRT",
            "chips/s",
            Files.isDirectory(Path.of("/proc/driver/nvidia"))
                ? "Kiln has no GPU encoder yet"
                : "no GPU"));
  }

  private void encoder(
      String subject, Callable<ModelDirectory> model, String kind, DataType precision, int batch) {
    cases.add(
        Case.of(
            "encoder",
            subject,
            contestant(kind, precision),
            "chips/s",
            effort ->
                new JmhSampler(
                        EncoderBenchmark.class,
                        Map.of(
                            "model",
                            model.call().path().toString(),
                            "kind",
                            kind,
                            "precision",
                            precision.name(),
                            "batch",
                            Integer.toString(batch)),
                        "items",
                        1)
                    .sample(effort)));
  }

  private static String contestant(String kind, DataType precision) {
    return (kind.equals("CPU") ? "oneDNN, " : "ONNX Runtime, ") + words(precision);
  }

  private void start(
      Architecture architecture, Callable<ModelDirectory> model, String kind, DataType precision) {
    EncoderStart start = new EncoderStart(model, kind, precision);
    cases.add(
        Case.of(
                "encoder start",
                subject(architecture),
                contestant(kind, precision),
                "openings/s",
                start)
            .withRemark(start::remark));
  }

  private void geoParquet() {
    for (boolean bf16 : new boolean[] {false, true}) {
      cases.add(
          Case.of(
                  "GeoParquet",
                  "1,813 chips, dim 1024, 1 thread",
                  bf16 ? "values of 16 bits" : "values of 32 bits",
                  "chips/s",
                  new JmhSampler(
                      GeoParquetBenchmark.class,
                      Map.of("bf16", Boolean.toString(bf16)),
                      "items",
                      1))
              .withRemark(Cases::shareOfRun));
    }
  }

  /** Of one thread's time, against encoders as fast as a GPU may be and as PyTorch on two cores. */
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
                    String.format(
                            Locale.ROOT, "%.2f s of a core; ", ManifestBenchmark.ALL / 1e6 / median)
                        + goal("1 s", ManifestBenchmark.ALL / 1e6 <= median)));
  }

  private void wholeJob(String platform) {
    String subject = platform + ", tiny model";
    Map<String, WholeJob.Parts> contestants = new LinkedHashMap<>();
    // On a CPU it is the slowest stage, which the whole can at best keep up with.
    contestants.put("the encoder alone", WholeJob.Parts.ENCODER);
    contestants.put("all stages at once", WholeJob.Parts.ALL_AT_ONCE);
    contestants.put("one after the other", WholeJob.Parts.ONE_AFTER_THE_OTHER);
    contestants.put("all but the encoder", WholeJob.Parts.ALL_BUT_ENCODER);
    contestants.forEach(
        (name, parts) ->
            cases.add(
                Case.of(
                    "whole job",
                    subject,
                    name,
                    "chips/s",
                    new WholeJob(workplace, platform, parts))));
  }

  private static String goal(String goal, boolean met) {
    return "goal " + goal + (met ? ": met" : ": NOT met");
  }
}

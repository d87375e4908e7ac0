package dev.kiln.benchmarks;

import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.chip.LocationOrder;
import dev.kiln.chip.TimeEncoding;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Precision;
import dev.kiln.infer.Encoders;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.PixelType;
import dev.kiln.memory.Strip;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbeddingJob;
import dev.kiln.run.EmbeddingRun;
import dev.kiln.run.RunOptions;
import dev.kiln.run.RunReport;
import dev.kiln.sink.Provenance;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The whole job on NAIP scenes against its parts: everything but the encoder, and the encoder
 * alone. The parts and the whole take turns, so that a change of the machine's speed meets all of
 * them.
 */
public final class WholeJob {
  private static final int ROUNDS = 3;
  private static final int ENCODER_BATCHES = 40;

  private final ModelDirectory model;
  private final Platform naip;
  private final List<String> keys;
  private final Path archive;
  private final Path out;

  private WholeJob(Path sample, Path modelDirectory, Path out) throws IOException {
    this.model = ModelDirectory.open(modelDirectory);
    this.naip = model.platform("naip");
    this.archive = sample.resolve("naip-analytic");
    Path list = sample.resolve("naip-scenes.txt.gz");
    this.keys =
        SceneList.read(list.toString(), () -> Files.newInputStream(list), Shard.whole()).keys();
    this.out = out;
  }

  /** One run of the whole chain. */
  private RunReport run(Encoder encoder, int threads) throws InterruptedException {
    try (ObjectStore source = ObjectStores.open(archive.toString());
        ObjectStore target = ObjectStores.open(out.toString())) {
      EmbeddingJob job =
          new EmbeddingJob(
              naip,
              keys,
              SceneArchive.of(naip),
              source,
              target,
              new ChipOptions(256, LocationOrder.TRAINED, 0.5, 0.2),
              new Provenance(
                  "benchmark",
                  model.hash(),
                  model.architecture().name(),
                  encoder.description().name(),
                  encoder.description().precision(),
                  Map.of()));
      RunOptions options =
          new RunOptions(2, 2L << 30, 1, threads, 2, 3, true, 1, 0, Duration.ofMinutes(15));
      RunReport report = new EmbeddingRun(job, options, encoder, snapshot -> {}).run();
      if (report.exitCode() != 0) {
        throw new IllegalStateException(report.summary());
      }
      return report;
    }
  }

  /** Chips per second of filling and computing batches, with pixels that lie ready. */
  private double encoderAlone(Encoder encoder) throws Exception {
    int edge = encoder.description().chip();
    float[] time = TimeEncoding.of(Instant.parse("2020-06-01T12:00:00Z"));
    float[] location = LocationOrder.TRAINED.encode(47, -99);
    try (HostBuffer pixels = HostBuffer.allocate("chip", (long) edge * edge * 4)) {
      List<BandPlane> planes =
          IntStream.range(0, 4)
              .mapToObj(b -> new BandPlane(PixelType.UINT8, b, edge, edge, 4, edge * 4L, 1))
              .toList();
      Strip strip = new Strip(pixels, planes, 0, edge);
      BatchSlot[] slots = {encoder.newSlot(), encoder.newSlot()};
      long start = 0;
      for (int i = 0; i < ENCODER_BATCHES + 2; i++) {
        if (i == 2) {
          start = System.nanoTime();
        }
        BatchSlot slot = slots[i % 2];
        if (i >= 2) {
          finite(slot.await());
          slot.clear();
        }
        while (slot.size() < slot.capacity()) {
          slot.put(strip, 0, 0, time, location);
        }
        slot.start(1);
      }
      for (BatchSlot slot : slots) {
        finite(slot.await());
        slot.clear();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      // The two batches in flight when the clock started count, as do those that follow.
      return (ENCODER_BATCHES + 2) * encoder.description().batch() / seconds;
    }
  }

  private static void finite(FloatBuffer embeddings) {
    for (int i = embeddings.position(); i < embeddings.limit(); i++) {
      if (!Float.isFinite(embeddings.get(i))) {
        throw new IllegalStateException("embedding holds " + embeddings.get(i));
      }
    }
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(d -> d).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  /**
   * @param arguments folder that {@code kiln sample --full-size} wrote, model directory, folder for
   *     the embeddings, JSON file for the result
   */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 4) {
      System.err.println("usage: WholeJob SAMPLE_DIR MODEL_DIR OUT_DIR RESULT.json");
      System.exit(2);
    }
    WholeJob benchmark =
        new WholeJob(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]));
    Map<String, Object> result = new LinkedHashMap<>(Machine.describe());
    result.put("arguments", Arrays.asList(arguments));
    int threads = Runtime.getRuntime().availableProcessors();
    List<Double> whole = new ArrayList<>();
    List<Double> rest = new ArrayList<>();
    List<Double> alone = new ArrayList<>();
    List<RunReport> reports = new ArrayList<>();
    try (Encoder encoder =
        Encoders.open(
            benchmark.model,
            "naip",
            256,
            new EncoderOptions(EncoderOptions.Kind.CPU, false, Precision.AUTO, 0, threads))) {
      for (int round = 0; round < ROUNDS; round++) {
        alone.add(benchmark.encoderAlone(encoder));
        rest.add(benchmark.run(new NoEncoder(encoder.description()), threads).chipsPerSecond());
        RunReport report = benchmark.run(encoder, threads);
        whole.add(report.chipsPerSecond());
        reports.add(report);
      }
    }
    double slowest = Math.min(median(rest), median(alone));
    double inTurn = 1 / (1 / median(rest) + 1 / median(alone));
    result.put("chipsPerSecondWhole", whole);
    result.put("chipsPerSecondWithoutEncoder", rest);
    result.put("chipsPerSecondEncoderAlone", alone);
    result.put("wholeToSlowestPart", median(whole) / slowest);
    result.put("wholeToPartsInTurn", median(whole) / inTurn);
    result.put("reports", reports);
    Files.write(
        Path.of(arguments[3]),
        JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsBytes(result));
    System.out.printf(
        Locale.ROOT,
        "chips/s, median of %d: whole job %.1f, without encoder %.1f, encoder alone %.1f%n"
            + "whole to slowest part %.2f, whole to parts in turn %.2f%n%s",
        ROUNDS,
        median(whole),
        median(rest),
        median(alone),
        median(whole) / slowest,
        median(whole) / inTurn,
        reports.get(ROUNDS - 1).summary());
  }
}

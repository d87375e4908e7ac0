package dev.kiln.selftest;

import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.infer.Encoder;
import dev.kiln.model.Architecture;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunOptions;
import dev.kiln.run.RunReport;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Measures a whole run over synthetic scenes, from files to files: throughput, and the fraction of
 * time in which the device is idle.
 */
final class EmbedCheck implements Check {
  private static final int SCENES = 4;
  private static final double MOST_IDLE = 0.02;
  private static final LocalDate FIRST_DAY = LocalDate.of(2024, 1, 1);

  /** Parts of a scene's name up to the day of acquisition. */
  private static final int TO_ACQUIRED = 6;

  private final Candidate candidate;
  private final int batch;
  private final RandomModel model;
  private final Supplier<DoubleSupplier> gauge;
  private final Scenes scenes;

  /**
   * The scenes of the run.
   *
   * @param size of a scene
   * @param times how often each scene is embedded
   * @param work directory for scenes and output; existing scenes are reused
   */
  record Scenes(SampleSize size, int times, Path work) {}

  /**
   * Creates the check.
   *
   * @param gauge opens a gauge of the device's busy fraction, 0 to 1; null if there is none
   */
  EmbedCheck(
      Candidate candidate,
      int batch,
      RandomModel model,
      Supplier<DoubleSupplier> gauge,
      Scenes scenes) {
    this.candidate = candidate;
    this.batch = batch;
    this.model = model;
    this.gauge = gauge;
    this.scenes = scenes;
  }

  @Override
  public String name() {
    return "embed with %s, Clay %s, batch %d"
        .formatted(candidate.name(), model.architecture().name(), batch);
  }

  @Override
  public List<Measurement> run() throws Exception {
    candidate.requireAvailable();
    Path archive = scenes.work().resolve("archive-" + scenes.size().naipWidth());
    if (Files.notExists(archive)) {
      SampleArchive.write(
          archive,
          new SampleOptions(scenes.size(), SCENES, 0, Architecture.named("micro"), 7),
          false,
          line -> {});
    }
    SteadyThroughput pace = new SteadyThroughput();
    RunReport report;
    OptionalDouble busy = OptionalDouble.empty();
    DoubleSupplier device = gauge.get();
    try (Encoder encoder =
            candidate.open(
                model.directory().encoder(RandomModel.PLATFORM, RandomModel.CHIP), batch);
        BusyFraction share = new BusyFraction(device == null ? () -> 0 : device)) {
      report = embed(archive.resolve(SampleArchive.NAIP), encoder, pace);
      if (device != null && pace.known()) {
        busy = share.mean(pace.begin(), pace.end());
      }
    }
    if (report.exitCode() != ExitCode.DONE) {
      throw new IllegalStateException("the run failed: " + report.summary());
    }
    return measurements(report, pace, busy);
  }

  private static List<Measurement> measurements(
      RunReport report, SteadyThroughput pace, OptionalDouble busy) {
    List<Measurement> measurements = new ArrayList<>();
    measurements.add(Measurement.of("chips", report.run().counts().chips(), ""));
    measurements.add(Measurement.of("whole run", report.pace().chipsPerSecond(), "chips/s"));
    if (pace.known()) {
      measurements.add(
          Measurement.of("between first and last chip", pace.chipsPerSecond(), "chips/s"));
    }
    busy.ifPresent(
        share -> measurements.add(Measurement.of("device idle", 1 - share, "").atMost(MOST_IDLE)));
    return measurements;
  }

  private RunReport embed(Path source, Encoder encoder, SteadyThroughput pace)
      throws IOException, InterruptedException {
    List<String> keys = copies(source);
    try (ObjectStore from = ObjectStores.open(source.toString(), StoreOptions.standard());
        ObjectStore to =
            ObjectStores.open(
                scenes.work().resolve("embeddings").toString(), StoreOptions.standard())) {
      return new Embedder()
          .embed(
              EmbedRequest.builder()
                  .model(model.directory(), RandomModel.PLATFORM)
                  .sceneKeys(keys)
                  .source(from)
                  .out(to)
                  .chips(ChipOptions.builder().chipSize(RandomModel.CHIP).build())
                  .encoder(encoder)
                  .run(
                      RunOptions.builder()
                          .overwrite(true)
                          .attempts(1)
                          .stallLimit(Duration.ofMinutes(5))
                          .build())
                  .progress(pace)
                  .build());
    }
  }

  /** Links each scene under several names: a long run from few synthetic scenes. */
  private List<String> copies(Path source) throws IOException {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < scenes.times(); i++) {
      for (String key : SampleArchive.naipKeys(SCENES)) {
        String copy = published(key, FIRST_DAY.plusDays(i));
        if (Files.notExists(source.resolve(copy))) {
          Files.createLink(source.resolve(copy), source.resolve(key));
        }
        keys.add(copy);
      }
    }
    return keys;
  }

  /** Returns the key of the same scene with another date of publication. */
  private static String published(String key, LocalDate day) {
    Path path = Path.of(key);
    String[] parts = path.getFileName().toString().replace(".tif", "").split("_");
    String name = String.join("_", Arrays.asList(parts).subList(0, TO_ACQUIRED));
    return path.resolveSibling(name + "_" + day.format(DateTimeFormatter.BASIC_ISO_DATE) + ".tif")
        .toString();
  }
}

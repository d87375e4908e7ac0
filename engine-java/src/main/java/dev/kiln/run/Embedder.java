package dev.kiln.run;

import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.StacItem;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.select.Encoders;
import dev.kiln.io.Sha256;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Band;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.raster.GdalLibrary;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.type.DataType;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The façade of the engine: embeds a list of scenes with one model into one output. Opens the
 * encoder, checks that the run fits into memory, runs the pipeline and writes the report.
 *
 * <p>An embedder runs one request at a time; {@link #stop} can be called from any thread.
 */
public final class Embedder {
  private static final Logger log = LoggerFactory.getLogger(Embedder.class);

  /** Option in the footer: the statistics of the bands. */
  static final String STATISTICS = "statistics";

  /** Value of that option for the bands that Clay was trained on. */
  static final String STANDARD_STATISTICS = "standard";

  private EmbeddingRun running;
  private boolean stopped;

  /** Creates an embedder. */
  public Embedder() {}

  /**
   * Embeds the scenes of a request that have no file in the output yet.
   *
   * @param request what to embed, and how
   * @return counts, rates and failed scenes, also of a run that was stopped or that broke off; its
   *     exit code is 0 only if every scene has been embedded
   * @throws ConfigurationException if an option, the model or the output is not as required
   * @throws UncheckedIOException if the output cannot be reached; another attempt can succeed
   * @throws InterruptedException if the calling thread is interrupted
   */
  public RunReport embed(EmbedRequest request) throws InterruptedException {
    request.chips().requireFits(request.platform());
    request.files().bands().ifPresent(bands -> bands.requireFits(request.platform()));
    GdalLibrary.require();
    GeoParquetWriter.requireLibraries();
    if (request.encoder().isPresent()) {
      return embed(request, request.encoder().get());
    }
    try (Encoder encoder =
        Encoders.open(
            new ExportedEncoder(request.model(), request.platform(), request.chips().chipSize()),
            request.encoderOptions().withVectors(request.vectors().request()))) {
      return embed(request, encoder);
    }
  }

  /**
   * {@return what {@link #embed} would do with a request} Opens no encoder and writes nothing.
   *
   * @param request what to embed, and how
   * @throws ConfigurationException if an option or the model is not as required, or no scene of the
   *     sample can be opened
   * @throws InterruptedException if the calling thread is interrupted
   */
  public DryRun dryRun(EmbedRequest request) throws InterruptedException {
    request.chips().requireFits(request.platform());
    request.files().bands().ifPresent(bands -> bands.requireFits(request.platform()));
    GdalLibrary.require();
    return DryRun.of(
        job(request, provenance(request, "none", DataType.FP32)),
        request.run(),
        request.model().architecture().dim());
  }

  /**
   * Ends the run early: no more scenes are started, scenes that are decoded completely are finished
   * and written, the others are left for the next run. A later request ends at once.
   */
  public synchronized void stop() {
    stopped = true;
    if (running != null) {
      running.stop();
    }
  }

  private RunReport embed(EmbedRequest request, Encoder encoder) throws InterruptedException {
    // First: every signal from here on leaves a report.
    Optional<StopOnSigterm> signal =
        request.stopOnSigterm() ? Optional.of(new StopOnSigterm(this::stop)) : Optional.empty();
    try {
      if (request.encoder().isEmpty()) {
        log.info("encoder: {}", encoder.description());
        checkMemory(request, encoder);
      }
      EmbeddingJob job =
          job(
              request,
              provenance(request, encoder.description().name(), encoder.description().precision()));
      Attempt attempt = Attempt.start(System.getenv(), request.context());
      Optional<ReportFile> file =
          request
              .reportKey()
              .map(
                  key -> new ReportFile(request.out(), ReportKey.ofAttempt(key, attempt), attempt));
      file.ifPresent(ReportFile::announce);
      RunReport report;
      try (Heartbeat heartbeat =
          new Heartbeat(Heartbeat.INTERVAL, now -> file.ifPresent(f -> f.heartbeat(now)))) {
        EmbeddingRun run =
            new EmbeddingRun(job, request.run(), encoder, request.progress().and(heartbeat));
        start(run);
        report = run.run();
      }
      file.ifPresent(f -> f.write(report));
      request.progress().ended(report);
      return report;
    } finally {
      signal.ifPresent(StopOnSigterm::close);
    }
  }

  private synchronized void start(EmbeddingRun run) {
    running = run;
    if (stopped) {
      run.stop();
    }
  }

  private static EmbeddingJob job(EmbedRequest request, Provenance provenance) {
    return new EmbeddingJob(
        request.platform(),
        request.sceneKeys(),
        archive(request),
        request.files(),
        request.source(),
        request.out(),
        request.chips(),
        request.vectors(),
        provenance);
  }

  private static Provenance provenance(EmbedRequest request, String encoder, DataType precision) {
    ModelDirectory model = request.model();
    return new Provenance(
        EngineVersion.number(),
        model.hash(),
        model.architecture().name(),
        encoder,
        precision,
        options(request));
  }

  /** Items that are known already need not be read. */
  private static SceneArchive archive(EmbedRequest request) {
    boolean masked = request.chips().needsMask();
    SceneArchive archive = SceneArchive.of(request.platform(), masked, request.aliases());
    return (sceneKey, objects) -> {
      StacItem item = request.items().get(sceneKey);
      String line = request.itemLines().get(sceneKey);
      if (item == null && line != null) {
        item = StacItem.parse(sceneKey, line.getBytes(StandardCharsets.UTF_8));
      }
      return item == null
          ? archive.describe(sceneKey, objects)
          : item.sceneOfKnown(request.platform(), masked, request.aliases());
    };
  }

  /** Returns every option that changes values. */
  private static Map<String, String> options(EmbedRequest request) {
    Map<String, String> options = new TreeMap<>(request.chips().byName());
    options.putAll(request.files().byName());
    options.putAll(request.vectors().byName());
    options.put("band-aliases", request.aliases().identity(request.platform()));
    options.put(STATISTICS, statistics(request.platform()));
    return options;
  }

  /**
   * Returns what normalizes the pixels: {@code standard}, or a hash of the model's own bands. They
   * are in the description of a model, not in its weights, whose hash identifies it.
   */
  private static String statistics(Platform platform) {
    boolean standard =
        PlatformCatalog.builtIn().all().stream()
            .anyMatch(
                known ->
                    known.name().equals(platform.name()) && text(known).equals(text(platform)));
    return standard ? STANDARD_STATISTICS : Sha256.hex(text(platform)).substring(0, 16);
  }

  /** Returns what a platform states about pixels; as in earlier versions if it is no more. */
  private static String text(Platform platform) {
    StringBuilder text =
        new StringBuilder(platform.bands().stream().map(Embedder::text).toList().toString());
    for (Band band : platform.bands()) {
      band.unit().ifPresent(unit -> text.append(" unit ").append(unit));
      band.scale().ifPresent(scale -> text.append(' ').append(scale));
    }
    platform.product().ifPresent(product -> text.append(" product ").append(product));
    return text.toString();
  }

  private static String text(Band band) {
    return "Band[name=%s, wavelength=%s, mean=%s, std=%s]"
        .formatted(band.name(), band.wavelength(), band.mean(), band.std());
  }

  private static void checkMemory(EmbedRequest request, Encoder encoder) {
    long strip = SceneArchive.maxStripBytes(request.platform());
    MemoryPlan.ofDevice(encoder, strip, request.run())
        .ifPresent(
            device -> {
              log.info("device memory, at most: {}", device);
              device.requireFits(encoder.device().memory().getAsLong());
            });
    MemoryPlan plan =
        MemoryPlan.ofHost(encoder, strip, request.run(), Runtime.getRuntime().maxMemory());
    log.info("memory, at most: {}", plan);
    plan.requireFits(MemoryPlan.available());
  }
}

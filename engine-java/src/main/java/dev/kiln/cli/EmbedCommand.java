package dev.kiln.cli;

import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbeddingJob;
import dev.kiln.run.MemoryPlan;
import dev.kiln.run.ProgressLog;
import dev.kiln.run.ReportKey;
import dev.kiln.run.RunOptions;
import dev.kiln.run.RunReport;
import dev.kiln.run.ShardRun;
import dev.kiln.sink.Provenance;
import dev.kiln.trace.Nvtx;
import dev.kiln.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln embed}: the main job. */
@Command(
    name = "embed",
    description = "Embed the chips of scenes; writes one GeoParquet file a scene.",
    footer = {
      "",
      "Example:",
      "  kiln embed naip --scenes scenes.txt.gz --model clay-v1.5 \\",
      "      --source naip-analytic --out embeddings --index 0 --items-per-job 100",
      "",
      "The same from bucket to bucket:",
      "  kiln embed naip --scenes s3://my-bucket/scenes.txt.gz --model clay-v1.5 \\",
      "      --source s3://naip-analytic --out s3://my-bucket/clay"
    },
    showDefaultValues = true,
    sortOptions = false)
public final class EmbedCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(EmbedCommand.class);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PLATFORM", description = "What took the scenes, such as naip.")
  private String platform;

  @Option(
      names = "--scenes",
      required = true,
      paramLabel = "URI",
      description = "Scene list, one key a line, plain or gzip.")
  private String scenes;

  @Mixin private ModelFlags modelFlags;

  @Option(
      names = "--source",
      required = true,
      paramLabel = "URI",
      description = "The archive: its bucket, or a folder that mirrors it.")
  private String source;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "URI",
      description = "Bucket or folder where the files go, under the scenes' own paths.")
  private String out;

  @Option(
      names = "--run-name",
      paramLabel = "NAME",
      description = "Keeps the reports of this run apart from others', in _kiln/NAME.")
  private String runName;

  @Mixin private ShardFlags shardFlags;
  @Mixin private ChipFlags chipFlags;
  @Mixin private EncoderFlags encoderFlags;
  @Mixin private RunFlags runFlags;
  @Mixin private StoreFlags storeFlags;
  @Mixin private OutStoreFlags outStoreFlags;

  @Option(
      names = "--progress",
      paramLabel = "STYLE",
      defaultValue = "auto",
      description = "auto (a bar on a terminal, else lines), plain, json or none.")
  private ProgressLog.Style progress;

  @Option(
      names = "--nvtx",
      description = "Show stages and batches to the NVIDIA profiler that started this.")
  private boolean nvtx;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ResolvedOptions.summarise(spec.commandLine().getParseResult()).forEach(log::info);
    if (nvtx) {
      trace();
    }
    ModelDirectory model = modelFlags.open(storeFlags.source());
    Shard shard = shardFlags.resolve();
    SceneList list = scenes(shard);
    log.info("{}: {}", scenes, list.description());

    ChipOptions chips = chipFlags.options();
    RunOptions options = runFlags.options();
    try (ObjectStore from = ObjectStores.open(source, storeFlags.source());
        ObjectStore to =
            ObjectStores.open(out, outStoreFlags.options(storeFlags, System.getenv()));
        Encoder encoder = Encoders.open(model, platform, chips.chip(), encoderFlags.options())) {
      log.info("encoder: {}", encoder.description());
      plan(model, encoder, options);
      Platform bands = model.platform(platform);
      EmbeddingJob job =
          new EmbeddingJob(
              bands,
              list.keys(),
              SceneArchive.of(bands),
              from,
              to,
              chips,
              provenance(model, encoder));
      RunReport report;
      try (ProgressLog watcher =
          new ProgressLog(progress, Boolean.getBoolean("kiln.terminal"), System.out)) {
        report =
            ShardRun.embed(job, options, encoder, watcher, ReportKey.of(runName, shard.index()));
      }
      report.summary().lines().forEach(log::info);
      if (report.ended() != null) {
        log.error("the run broke off: {}", report.ended());
      }
      return report.exitCode();
    }
  }

  private static void trace() {
    Nvtx profiler = Nvtx.ofThisProcess();
    if (profiler == null) {
      log.warn("--nvtx: no NVIDIA profiler started this, so nobody sees its ranges");
    }
    Trace.to(profiler);
  }

  private void plan(ModelDirectory model, Encoder encoder, RunOptions options) throws IOException {
    Platform bands = model.platform(platform);
    int chip = encoder.description().chip();
    int batch = encoder.description().batch();
    long heap = Runtime.getRuntime().maxMemory();
    MemoryPlan plan;
    if (encoder.deviceMemory().isPresent()) {
      MemoryPlan device = MemoryPlan.onDevice(bands, model.architecture(), chip, batch, options);
      log.info("device memory, at most: {}", device);
      device.requireFits(encoder.deviceMemory().getAsLong());
      plan = MemoryPlan.besideDevice(bands, options, heap);
    } else {
      long weights = Files.size(model.weights());
      plan = MemoryPlan.of(bands, model.architecture(), weights, chip, batch, options, heap);
    }
    log.info("memory, at most: {}", plan);
    plan.requireFits(MemoryPlan.available());
  }

  private SceneList scenes(Shard shard) throws IOException {
    StoreOptions options = storeFlags.source();
    try {
      return SceneList.read(
          "--scenes " + scenes, () -> ObjectStores.stream(scenes, options), shard);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--scenes " + scenes + ": there is no such file", e);
    }
  }

  private Provenance provenance(ModelDirectory model, Encoder encoder) {
    return new Provenance(
        Version.number(),
        model.hash(),
        model.architecture().name(),
        encoder.description().name(),
        encoder.description().precision(),
        chipFlags.provenance());
  }
}

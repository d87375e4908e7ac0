package dev.kiln.cli;

import dev.kiln.archive.FileOptions;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.logging.Logging;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.run.AreaSearch;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.DryRun;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.ProgressListener;
import dev.kiln.run.ProgressLog;
import dev.kiln.run.ReportKey;
import dev.kiln.run.RunReport;
import dev.kiln.run.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln embed}: embeds scenes. */
@Command(
    name = "embed",
    description = "Embed the chips of scenes and write one GeoParquet file per scene.",
    footer = {
      "",
      "Example:",
      "  kiln embed naip --scenes scenes.txt.gz --model clay-v1.5 \\",
      "      --source naip-analytic --out embeddings --index 0 --items-per-job 100",
      "",
      "One file of your own:",
      "  kiln embed linz ortho.tif --datetime 2024-03-01 --model clay-v1.5 --out embeddings",
      "",
      "An area, from a STAC API:",
      "  kiln embed sentinel-2-l2a --stac https://earth-search.aws.element84.com/v1 \\",
      "      --collection sentinel-2-l2a --aoi area.geojson --datetime 2024-01-01/2024-12-31 \\",
      "      --best 1 --model clay-v1.5 --out embeddings",
      "",
      "From bucket to bucket:",
      "  kiln embed naip --scenes s3://my-bucket/scenes.txt.gz --model clay-v1.5 \\",
      "      --source s3://naip-analytic --out s3://my-bucket/clay"
    })
public final class EmbedCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(EmbedCommand.class);

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "PLATFORM",
      description = "Platform (sensor) of the scenes, such as naip.")
  private String platform;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "FILE",
      description =
          "GeoTIFFs or STAC items to embed, instead of --scenes; or one directory of"
              + " GeoTIFFs.")
  private List<String> files = List.of();

  @Mixin private SceneFlags sceneFlags;
  @Mixin private FileFlags fileFlags;
  @Mixin private SearchFlags searchFlags;
  @Mixin private AreaFlags areaFlags;
  @Mixin private ModelFlags modelFlags;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "URI",
      description = "Bucket or directory for the output; files are named after the scenes.")
  @Heading.Under(Heading.OUTPUT)
  private String out;

  @Option(
      names = "--run-name",
      paramLabel = "NAME",
      description = "Store the reports of this run in _kiln/NAME.")
  @Heading.Under(Heading.OUTPUT)
  private String runName;

  @Option(
      names = "--preview",
      description =
          "Write a picture of the embedded chips beside the report: a map in colours that show"
              + " which vectors are similar.")
  @Heading.Under(Heading.OUTPUT)
  private boolean preview;

  @Mixin private ShardFlags shardFlags;
  @Mixin private ChipFlags chipFlags;
  @Mixin private VectorFlags vectorFlags;
  @Mixin private EncoderFlags encoderFlags;
  @Mixin private PerformanceFlags performanceFlags;
  @Mixin private S3Flags s3Flags;
  @Mixin private OutputS3Flags outputS3Flags;

  @Option(
      names = "--progress",
      paramLabel = "STYLE",
      defaultValue = "auto",
      description =
          "auto (a bar on a terminal, else lines), plain, json or none (default:"
              + " ${DEFAULT-VALUE}).")
  @Heading.Under(Heading.GENERAL)
  private ProgressLog.Style progress;

  @Mixin private MetricsFlags metricsFlags;
  @Mixin private ResultFlags resultFlags;
  @Mixin private TraceFlags traceFlags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!searchFlags.isGiven()) {
      sceneFlags.requireGiven(files);
    }
    ResolvedOptions.summarise(spec.commandLine().getParseResult()).forEach(log::info);
    traceFlags.apply();
    ModelDirectory model = modelFlags.open(s3Flags.source());
    Shard shard = shardFlags.resolve();
    FileOptions fileOptions = fileFlags.options(searchFlags.isGiven());
    ChipOptions chips = chipFlags.options(areaFlags.read(s3Flags.source()));
    SceneFlags.Chosen chosen =
        searchFlags.isGiven()
            ? search(model.platform(platform), chips, shard)
            : sceneFlags.choose(files, shard, s3Flags.source());
    SceneList list = chosen.list();
    if (list.total() > 0 && list.keys().isEmpty()) {
      log.warn("{}: {}", chosen.name(), list.description());
    } else {
      log.info("{}: {}", chosen.name(), list.description());
    }
    logFields(shard);
    List<ProgressListener> listeners = new ArrayList<>();
    if (!resultFlags.dryRun()) {
      listeners.addAll(metricsFlags.listeners(runName, shard.index(), System.getenv()));
    }
    listeners.add(new ResultPrint());

    StoreOptions outOptions = outputS3Flags.options(s3Flags, System.getenv());
    String reportKey = ReportKey.of(runName, shard.index());

    try (ObjectStore from =
            ObjectStores.openSource(chosen.source(), s3Flags.source(), s3Flags.rules());
        ObjectStore to = ObjectStores.open(out, outOptions);
        ProgressLog watcher =
            new ProgressLog(
                resultFlags.dryRun() ? ProgressLog.Style.NONE : progress,
                Boolean.getBoolean("kiln.terminal"),
                System.out)) {
      EmbedRequest request =
          EmbedRequest.builder()
              .model(model, platform)
              .sceneKeys(list.keys())
              .files(fileOptions)
              .aliases(fileFlags.aliases())
              .items(chosen.items())
              .itemLines(list.items())
              .source(from)
              .out(to)
              .chips(chips)
              .vectors(vectorFlags.options())
              .encoder(encoderFlags.options())
              .run(performanceFlags.options())
              .reportKey(reportKey)
              .context(context(chosen, shard))
              .stopOnSigterm(true)
              .progress(listeners.stream().reduce(watcher, ProgressListener::and))
              .build();
      if (resultFlags.dryRun()) {
        DryRun plan = new Embedder().dryRun(request);
        resultFlags.print(plan);
        return (plan.failures().isEmpty() ? ExitCode.DONE : ExitCode.SCENES_FAILED).code();
      }
      RunReport report = new Embedder().embed(request);
      if (preview && report.ended().isEmpty() && !report.outcome().stopped()) {
        new Preview(out, outOptions, to).write(list.keys(), reportKey);
      }
      return report.exitCode().code();
    }
  }

  /** Prints the result of a run as its last progress, which a request to exit waits for. */
  private final class ResultPrint implements ProgressListener {
    @Override
    public void tick(Supplier<Snapshot> snapshot) {}

    @Override
    public void ended(RunReport report) {
      resultFlags.print(report);
      report.summary().lines().forEach(log::info);
      report.ended().ifPresent(reason -> log.error("run aborted: {}", reason));
    }
  }

  private SceneFlags.Chosen search(Platform sensor, ChipOptions chips, Shard shard)
      throws IOException, InterruptedException {
    sceneFlags.refuse(files);
    AreaSearch found =
        searchFlags.run(
            fileFlags.datetime(),
            sensor,
            fileFlags.aliases(),
            chips,
            s3Flags.source(),
            s3Flags.rules());
    found
        .stats()
        .skipped()
        .forEach(
            (reason, items) -> log.info("items left out: items={} reason=\"{}\"", items, reason));
    return new SceneFlags.Chosen(
        searchFlags.name(),
        SceneList.of("--stac", found.keys(), shard),
        found.source(),
        found.items());
  }

  private Map<String, String> context(SceneFlags.Chosen chosen, Shard shard) {
    Map<String, String> context = new TreeMap<>();
    context.put("command", ResolvedOptions.command(spec.root().commandLine().getParseResult()));
    context.put("scenes", ObjectStores.redacted(chosen.name()));
    context.put("scenesSha256", chosen.list().sha256());
    areaFlags.uri().ifPresent(uri -> context.put("aoi", ObjectStores.redacted(uri)));
    shard.index().ifPresent(index -> context.put("index", Integer.toString(index)));
    return context;
  }

  private void logFields(Shard shard) {
    if (runName != null) {
      Logging.field("run", runName);
    }
    shard.index().ifPresent(index -> Logging.field("shard", index));
  }
}

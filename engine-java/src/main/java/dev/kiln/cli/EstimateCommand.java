package dev.kiln.cli;

import dev.kiln.archive.SceneList;
import dev.kiln.awsbatch.Estimate;
import dev.kiln.awsbatch.EstimatePlanner;
import dev.kiln.awsbatch.EstimateText;
import dev.kiln.awsbatch.MeasuredRun;
import dev.kiln.awsbatch.MeasuredRuns;
import dev.kiln.awsbatch.PriceTable;
import dev.kiln.awsbatch.Rates;
import dev.kiln.awsbatch.Workload;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.raster.ChipLayout;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln estimate}: estimates time and cost before anything runs. */
@Command(
    name = "estimate",
    description = "Estimate how long a scene list takes and what it costs.",
    footer = {
      "",
      "Example:",
      "  kiln estimate --scenes scenes.txt.gz --instance g6e.xlarge,p5.4xlarge \\",
      "      --chips-per-second g6e.xlarge=350,p5.4xlarge=1000 --max-vcpus 1024",
      "",
      "With the rate that a run measured:",
      "  kiln estimate --scenes scenes.txt.gz --deadline 12 \\",
      "      --report s3://my-bucket/clay/_kiln",
      "",
      "A price file for --prices is YAML with only the entries that differ; prices are US dollars"
          + " per",
      "hour of the instance, memory is GiB, and gpus: 0 is an instance without GPUs:",
      "  date: 2027-01-31",
      "  region: eu-central-1",
      "  source: our contract",
      "  instances:",
      "    g6e.xlarge: {gpu: L40S, gpus: 1, vcpus: 4, memory: 32, on-demand: 2.33, spot: 0.9}",
      "    c7i.4xlarge: {gpus: 0, vcpus: 16, memory: 32, on-demand: 0.8, spot: 0.3}",
      "  storage: {get-per-1000: 0.0004, put-per-1000: 0.005, transfer-per-gb: 0, stored-gb-month:"
          + " 0.023}"
    })
public final class EstimateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--scenes",
      required = true,
      paramLabel = "URI",
      description = "Scene list, one key per line, plain or gzip.")
  private String scenes;

  @Option(
      names = "--instance",
      split = ",",
      paramLabel = "TYPE,…",
      description = "Instance types to compare (default: all with a known rate).")
  private List<String> instances;

  @Option(
      names = "--chips-per-second",
      paramLabel = "RATE,…",
      description =
          "Throughput of a child in chips per second: one number, or NAME=NUMBER for an"
              + " instance type, a GPU model such as L40S, or cpu. A child uses one GPU, or a"
              + " whole instance without GPUs.")
  private String chipsPerSecond;

  @Option(
      names = "--report",
      paramLabel = "URI",
      description =
          "Report of kiln embed, or a directory of reports; provides measured throughput"
              + " and scene size. May be repeated, once per encoder and GPU type.")
  private List<String> reports = new ArrayList<>();

  @Option(
      names = "--chips-per-scene",
      paramLabel = "N",
      description = "Chips per scene (default: derived from NAIP and Sentinel-2 keys).")
  private Double chipsPerScene;

  @Option(
      names = "--keep",
      paramLabel = "FRACTION",
      defaultValue = "1",
      description = "Fraction of chips left by cloud and nodata masks (default: ${DEFAULT-VALUE}).")
  private double keep;

  @Mixin private LayoutFlags layoutFlags;

  @Option(
      names = "--max-vcpus",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Maximum vCPUs of the compute environment (default: ${DEFAULT-VALUE}).")
  private int maxVcpus;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      description = "Scenes per child (default: chosen for the least cost within the limits).")
  private Integer itemsPerJob;

  @Option(
      names = "--deadline",
      paramLabel = "HOURS",
      description = "Hours in which all children must end (default: none).")
  private Double deadline;

  @Option(
      names = "--minutes-per-child",
      paramLabel = "MIN",
      defaultValue = "60",
      description =
          "Maximum duration of a child in minutes, unless --items-per-job is given"
              + " (default: ${DEFAULT-VALUE}).")
  private double minutesPerChild;

  @Option(
      names = "--start-seconds",
      paramLabel = "S",
      defaultValue = "90",
      description =
          "Seconds from the start of a container to its first chip (default: ${DEFAULT-VALUE}).")
  private double startSeconds;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "YAML file with prices that override the built-in ones.")
  private Path prices;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException {
    PriceTable table = prices == null ? PriceTable.builtIn() : PriceTable.read(prices);
    StoreOptions options = s3Flags.source();
    SceneList.Source list = () -> ObjectStores.stream(scenes, options);
    List<MeasuredRun> measured = new ArrayList<>();
    for (String report : reports) {
      measured.add(MeasuredRuns.read(report, options));
    }
    Rates rates =
        chipsPerSecond == null
            ? Rates.of(Optional.empty(), measured)
            : OptionException.parse(() -> Rates.of(Optional.of(chipsPerSecond), measured));
    EstimatePlanner.Terms terms =
        new EstimatePlanner.Terms(
            maxVcpus,
            startSeconds,
            minutesPerChild,
            deadline == null ? OptionalDouble.empty() : OptionalDouble.of(deadline),
            itemsPerJob == null ? OptionalInt.empty() : OptionalInt.of(itemsPerJob));
    Workload work = workload(list, measured);
    EstimatePlanner planner = new EstimatePlanner(work, table, terms);
    List<Estimate> estimates =
        instances(rates, table).stream()
            .flatMap(name -> planner.plans(name, rates.of(name, table.instance(name))).stream())
            .toList();
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      JsonPrint.print(
          print, Map.of("workload", work, "prices", table.origin(), "estimates", estimates));
    } else {
      print.print(EstimateText.of(scenes, work, rates.origin(), table, estimates));
      print.flush();
    }
    return 0;
  }

  private List<String> instances(Rates rates, PriceTable table) {
    List<String> types = instances == null ? rates.known(table) : instances;
    if (types.isEmpty()) {
      throw new ConfigurationException(
          "--instance: expected instance types, found none with a known rate; give some");
    }
    return types;
  }

  private Workload workload(SceneList.Source list, List<MeasuredRun> measured) throws IOException {
    String name = "--scenes " + scenes;
    Range.fraction("--keep", keep);
    ChipLayout layout = layoutFlags.layout();
    boolean asMeasured = layout.equals(ChipLayout.sideBySide(256));
    try {
      if (!measured.isEmpty() && chipsPerScene == null && asMeasured) {
        return Workload.like(measured.get(0), name, list);
      }
      return Workload.of(
          name,
          list,
          layout,
          chipsPerScene == null ? OptionalDouble.empty() : OptionalDouble.of(chipsPerScene),
          keep);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(name + ": no such file", e);
    }
  }
}

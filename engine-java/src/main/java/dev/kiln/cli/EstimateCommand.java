package dev.kiln.cli;

import dev.kiln.archive.SceneList;
import dev.kiln.awsbatch.Estimate;
import dev.kiln.awsbatch.EstimateText;
import dev.kiln.awsbatch.MeasuredRun;
import dev.kiln.awsbatch.PriceTable;
import dev.kiln.awsbatch.Rates;
import dev.kiln.awsbatch.Workload;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code kiln estimate}: time and money, before anything runs. */
@Command(
    name = "estimate",
    description = "Say how long an archive takes and what it costs, before anything runs.",
    footer = {
      "",
      "Example:",
      "  kiln estimate --scenes scenes.txt.gz --instance g6e.xlarge,p5.4xlarge \\",
      "      --chips-per-second g6e.xlarge=400,p5.4xlarge=1000 --max-vcpus 1024",
      "",
      "With the rate that a run measured:",
      "  kiln estimate --scenes scenes.txt.gz --instance g6e.xlarge \\",
      "      --report s3://my-bucket/clay/_kiln/run.json"
    },
    showDefaultValues = true,
    sortOptions = false)
public final class EstimateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--scenes",
      required = true,
      paramLabel = "URI",
      description = "Scene list, one key a line, plain or gzip.")
  private String scenes;

  @Option(
      names = "--instance",
      required = true,
      split = ",",
      paramLabel = "TYPE,…",
      description = "Types of machines to compare.")
  private List<String> instances;

  @Option(
      names = "--chips-per-second",
      paramLabel = "RATE,…",
      description = "Chips a GPU embeds a second: one number for all, or TYPE=NUMBER for each.")
  private String chipsPerSecond;

  @Option(
      names = "--report",
      paramLabel = "URI",
      description = "Take the rate and the size of scenes from this report of kiln embed.")
  private String report;

  @Option(
      names = "--chips-per-scene",
      paramLabel = "N",
      description = "Chips of a scene (default: told by the keys of NAIP and Sentinel-2).")
  private Double chipsPerScene;

  @Option(
      names = "--keep",
      paramLabel = "SHARE",
      defaultValue = "1",
      description = "Share of chips that cloud and nodata masks leave.")
  private double keep;

  @Option(
      names = "--max-vcpus",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Processors that the compute environment may hold.")
  private int maxVcpus;

  @Option(
      names = "--items-per-job",
      paramLabel = "N",
      defaultValue = "0",
      description = "Scenes a child takes; 0 chooses.")
  private int itemsPerJob;

  @Option(
      names = "--minutes-per-child",
      paramLabel = "MIN",
      defaultValue = "30",
      description = "How long a child should take, where --items-per-job does not say.")
  private double minutesPerChild;

  @Option(
      names = "--start-seconds",
      paramLabel = "S",
      defaultValue = "90",
      description = "From a container's start to its first chip.")
  private double startSeconds;

  @Option(
      names = "--prices",
      paramLabel = "FILE",
      description = "Prices that go before those that Kiln assumes (YAML).")
  private Path prices;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Mixin private StoreFlags storeFlags;

  @Override
  public Integer call() throws IOException {
    PriceTable table = prices == null ? PriceTable.builtIn() : PriceTable.read(prices);
    StoreOptions options = storeFlags.source();
    SceneList.Source list = () -> ObjectStores.stream(scenes, options);
    MeasuredRun measured =
        report == null
            ? null
            : MeasuredRun.read(report, () -> ObjectStores.stream(report, options));
    Rates rates = Rates.of(chipsPerSecond, measured);
    Estimate.Terms terms = new Estimate.Terms(maxVcpus, startSeconds, minutesPerChild, itemsPerJob);
    Workload work = workload(list, measured);
    List<Estimate> estimates =
        instances.stream()
            .map(name -> Estimate.of(work, name, table, rates.of(name), terms))
            .toList();
    PrintWriter print = spec.commandLine().getOut();
    print.print(
        json
            ? JsonMapper.shared()
                    .writerWithDefaultPrettyPrinter()
                    .writeValueAsString(
                        Map.of("workload", work, "prices", table.origin(), "estimates", estimates))
                + "\n"
            : EstimateText.of(scenes, work, rates.origin(), table, estimates));
    print.flush();
    return 0;
  }

  private Workload workload(SceneList.Source list, MeasuredRun measured) throws IOException {
    String name = "--scenes " + scenes;
    Range.share("--keep", keep);
    try {
      if (measured != null && chipsPerScene == null) {
        return Workload.like(measured, name, list);
      }
      return Workload.of(
          name,
          list,
          chipsPerScene == null ? OptionalDouble.empty() : OptionalDouble.of(chipsPerScene),
          keep);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(name + ": there is no such file", e);
    }
  }
}

package dev.kiln.cli;

import dev.kiln.export.Exporter;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code kiln export}: converts a checkpoint to a model directory. */
@Command(
    name = "export",
    description = "Convert a Clay checkpoint to the model directory that kiln embed reads.",
    footer = {
      "",
      "Example:",
      "  kiln export --checkpoint clay-v1.5.ckpt --platform naip -o clay-v1.5",
      "",
      "From the web, without downloading the decoder and the optimizer (4 of 5 GB):",
      "  kiln export -o clay-v1.5 --checkpoint \\",
      "      https://huggingface.co/made-with-clay/Clay/resolve/main/v1.5/clay-v1.5.ckpt",
      "",
      "Released weights: https://huggingface.co/made-with-clay/Clay (v1.5)."
    })
public final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "URI",
      description =
          "PyTorch (.ckpt, .pt) or safetensors checkpoint: a file, or an s3://, gs://, az:// or"
              + " https:// URI, of which only the encoder is fetched.")
  private String checkpoint;

  @Option(
      names = "--platform",
      split = ",",
      paramLabel = "NAME,…",
      description = "Platforms (sensors) to export for (default: all known ones).")
  private List<String> platforms = List.of();

  @Option(
      names = "--platform-file",
      paramLabel = "FILE.yaml",
      description =
          "YAML file with more platforms or other statistics, in the layout of Clay's"
              + " metadata.yaml.")
  private Path catalogFile;

  @Option(
      names = "--chip",
      split = ",",
      defaultValue = "256",
      paramLabel = "PX,…",
      description = "Edges of chips in pixels (default: ${DEFAULT-VALUE}).")
  private List<Integer> chips;

  @Option(
      names = "--tokens",
      description = "Also write graphs that return all tokens, for comparison with a reference.")
  private boolean tokens;

  @Option(names = "--overwrite", description = "Replace an existing model.")
  private boolean overwrite;

  @Option(names = "--json", description = "Print what was written as JSON.")
  private boolean json;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "Model directory to write.")
  private Path out;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Instant start = Instant.now();
    PlatformCatalog catalog =
        catalogFile == null ? PlatformCatalog.builtIn() : PlatformCatalog.load(catalogFile);
    List<Platform> wanted =
        platforms.isEmpty() ? catalog.all() : platforms.stream().map(catalog::get).toList();
    Exporter.Options options = new Exporter.Options(wanted, chips, tokens, overwrite);
    ModelDirectory model =
        ObjectStores.isRemote(checkpoint)
            ? RemoteCheckpoint.export(checkpoint, s3Flags.source(), options, out)
            : Exporter.export(ObjectStores.localPath(checkpoint), options, out);
    double seconds = Duration.between(start, Instant.now()).toMillis() / 1e3;
    PrintWriter print = spec.commandLine().getOut();
    if (json) {
      print.println(json(model, wanted, seconds));
    } else {
      print.print(text(model, wanted, seconds));
    }
    print.flush();
    return 0;
  }

  private String text(ModelDirectory model, List<Platform> wanted, double seconds) {
    Architecture size = model.architecture();
    return """
    %s
      size       %s (width %d, %d blocks, %d heads)
      platforms  %s
      weights    %.1f MB, sha256 %s
      took       %.1f s
    """
        .formatted(
            out,
            size.name(),
            size.dim(),
            size.depth(),
            size.heads(),
            wanted.stream().map(Platform::name).collect(Collectors.joining(", ")),
            model.description().weights().bytes() / 1e6,
            model.hash(),
            seconds);
  }

  private String json(ModelDirectory model, List<Platform> wanted, double seconds) {
    Architecture size = model.architecture();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("out", out.toString());
    result.put("size", size.name());
    result.put("width", size.dim());
    result.put("blocks", size.depth());
    result.put("heads", size.heads());
    result.put("platforms", wanted.stream().map(Platform::name).toList());
    result.put("weightsBytes", model.description().weights().bytes());
    result.put("weightsSha256", model.hash());
    result.put("seconds", seconds);
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(result);
  }
}

package dev.kiln.cli;

import dev.kiln.export.Exporter;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln export}: a checkpoint becomes a model directory. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = "Turns a Clay checkpoint into the model directory that embed reads.",
    footerHeading = "%nExample:%n",
    footer = {
      "  kiln export --checkpoint clay-v1.5.ckpt --platform naip -o clay-v1.5",
      "",
      "Clay's released weights: https://huggingface.co/made-with-clay/Clay (v1.5)."
    })
public final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "PyTorch checkpoint (.ckpt, .pt) or .safetensors.")
  private Path checkpoint;

  @Option(
      names = "--platform",
      split = ",",
      paramLabel = "P",
      description = "Sensor to export for; repeat for several. Default: all that are known.")
  private List<String> platforms = List.of();

  @Option(
      names = "--platforms",
      paramLabel = "FILE.yaml",
      description = "More sensors, or other statistics, in the layout of Clay's metadata.yaml.")
  private Path catalogFile;

  @Option(
      names = "--chip",
      split = ",",
      defaultValue = "256",
      paramLabel = "PX",
      description = "Side of a chip in pixels; repeat for several. Default: ${DEFAULT-VALUE}.")
  private List<Integer> chips;

  @Option(
      names = "--tokens",
      description = "Also write graphs that give every token, for checking against a reference.")
  private boolean tokens;

  @Option(names = "--overwrite", description = "Replace a model that is there already.")
  private boolean overwrite;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "MODEL_DIR",
      description = "Directory to write.")
  private Path out;

  @Override
  public Integer call() {
    Instant start = Instant.now();
    PlatformCatalog catalog =
        catalogFile == null ? PlatformCatalog.builtIn() : PlatformCatalog.load(catalogFile);
    List<Platform> wanted =
        platforms.isEmpty() ? catalog.all() : platforms.stream().map(catalog::get).toList();
    ModelDirectory model =
        Exporter.export(checkpoint, new Exporter.Options(wanted, chips, tokens, overwrite), out);
    Architecture size = model.architecture();
    spec.commandLine()
        .getOut()
        .printf(
            """
            %s
              size       %s (width %d, %d blocks, %d heads)
              platforms  %s
              weights    %.1f MB, sha256 %s
              took       %.1f s
            """,
            out,
            size.name(),
            size.dim(),
            size.depth(),
            size.heads(),
            wanted.stream().map(Platform::name).collect(Collectors.joining(", ")),
            model.description().weights().bytes() / 1e6,
            model.hash(),
            Duration.between(start, Instant.now()).toMillis() / 1e3);
    return 0;
  }
}

package dev.kiln.cli;

import dev.kiln.model.Architecture;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln sample}: writes synthetic imagery and a random model. */
@Command(
    name = "sample",
    description = "Write a synthetic archive and a checkpoint with random weights.",
    footer = {
      "",
      "The same options produce the same bytes. A full-size NAIP scene takes 0.6 GB of disk (1.2"
          + " GB",
      "while it is written), a full-size Sentinel-2 scene 1 GB (2.5 GB while it is written).",
      "",
      "Example:",
      "  kiln sample sample --naip 8"
    })
public final class SampleCommand implements Callable<Integer> {
  private static final String RANDOM_WEIGHTS =
      """
      The weights are random, so vectors made with them are meaningless.
      Released weights: clay-v1.5.ckpt from https://huggingface.co/made-with-clay/Clay (Apache-2.0).
      """;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory to create.")
  private Path directory;

  @Option(
      names = "--full-size",
      description = "Write scenes of real size: 12,666 × 9,704 and 10,980 × 10,980 pixels.")
  private boolean fullSize;

  @Option(
      names = "--naip",
      paramLabel = "N",
      description = "NAIP scenes (default: 4; with --full-size 1).")
  private Integer naip;

  @Option(
      names = "--sentinel-2",
      paramLabel = "N",
      defaultValue = "1",
      description = "Sentinel-2 scenes (default: ${DEFAULT-VALUE}).")
  private int sentinel2;

  @Option(
      names = "--model-size",
      paramLabel = "SIZE",
      defaultValue = "tiny",
      description =
          "Size of the checkpoint: micro, tiny, small, base, or large, the size of Clay"
              + " v1.5 (1.25 GB) (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Seed of the random landscape (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--overwrite", description = "Replace an earlier sample.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    int naipScenes = naip != null ? naip : fullSize ? 1 : 4;
    SampleOptions options =
        OptionException.parse(
            () -> {
              SampleArchive.requireCounts(naipScenes, sentinel2);
              return new SampleOptions(
                  fullSize ? SampleSize.FULL : SampleSize.SMALL,
                  naipScenes,
                  sentinel2,
                  Architecture.named(model),
                  seed);
            });
    PrintWriter out = spec.commandLine().getOut();
    SampleArchive.write(
        directory,
        options,
        overwrite,
        line -> {
          out.println(line);
          out.flush();
        });
    out.println(directory);
    out.print(RANDOM_WEIGHTS);
    out.flush();
    return 0;
  }
}

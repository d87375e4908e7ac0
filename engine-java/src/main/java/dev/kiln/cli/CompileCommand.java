package dev.kiln.cli;

import dev.kiln.fetch.ModelCache;
import dev.kiln.infer.gpu.TensorRtEncoder;
import dev.kiln.tensorrt.Plan;
import dev.kiln.tensorrt.PlanCompiler;
import dev.kiln.tensorrt.PlanDescription;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kiln compile}: compiles a model for the GPU of this machine. */
@Command(
    name = "compile",
    description = {
      "Compile a model with TensorRT for the GPU of this machine.",
      "",
      "The plan is stored in the model directory, and in its bucket if the model is in one."
          + " kiln embed compiles a plan by itself if none matches. A plan works on every machine"
          + " with the same GPU type and TensorRT version."
    },
    footer = {"", "Example:", "  kiln compile --model clay-v1.5 --platform naip"})
public final class CompileCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelFlags modelFlags;

  @Option(
      names = "--platform",
      required = true,
      paramLabel = "NAME",
      description = "Platform (sensor) to compile for; the model must have been exported for it.")
  private String platform;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "bf16",
      description =
          "Data type of matrix products: bf16, or fp16 (more precise, but overflows at"
              + " smaller values) (default: ${DEFAULT-VALUE}).")
  private DataType precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description =
          "Maximum number of chips per batch; kiln embed must use the same (default:"
              + " ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--chip",
      paramLabel = "PX",
      defaultValue = "256",
      description = "Edge of a chip in pixels (default: ${DEFAULT-VALUE}).")
  private int chip;

  @Option(
      names = "--effort",
      paramLabel = "0..5",
      defaultValue = "3",
      description =
          "How long TensorRT searches for fast kernels; 5 takes much longer than 3 (default:"
              + " ${DEFAULT-VALUE}).")
  private int effort;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException {
    Range.atLeast("--batch", batch, 1);
    Plan plan =
        TensorRtEncoder.compile(
            modelFlags.open(s3Flags.source()).encoder(platform, chip),
            OptionException.parse(() -> new PlanCompiler.Options(precision, batch, effort)));
    ModelCache.sharePlan(modelFlags.uri(), s3Flags.source(), plan.files());
    PlanDescription description = plan.description();
    spec.commandLine()
        .getOut()
        .printf(
            """
            %s
              GPU        %s (%s)
              TensorRT   %s
              attention  %s
              size       %.1f MB
              took       %.1f s
            """,
            plan.file(),
            description.key().gpu(),
            description.key().architecture(),
            description.key().tensorRt(),
            description.attention(),
            description.bytes() / 1e6,
            description.seconds());
    return 0;
  }
}

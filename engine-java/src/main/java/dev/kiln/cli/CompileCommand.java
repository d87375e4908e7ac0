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

/** {@code kiln compile}: a plan for this machine's GPU. */
@Command(
    name = "compile",
    description = {
      "Compile a model with TensorRT for this machine's GPU, and keep the plan with the model:"
          + " in its folder, and in its bucket if it came from one.",
      "",
      "embed does so itself where there is no plan that fits. Made beforehand, it serves every machine"
          + " with the same kind of GPU and the same TensorRT."
    },
    footer = {"", "Example:", "  kiln compile --model clay-v1.5 --platform naip"},
    showDefaultValues = true,
    sortOptions = false)
public final class CompileCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelFlags modelFlags;

  @Option(
      names = "--platform",
      required = true,
      paramLabel = "P",
      description = "Sensor, one that the model was exported for.")
  private String platform;

  @Option(
      names = "--precision",
      paramLabel = "FORMAT",
      defaultValue = "bf16",
      description =
          "What matrix products read: bf16, or fp16, which is finer and overflows sooner.")
  private DataType precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Most chips in a batch, for which kernels are chosen; embed needs the same.")
  private int batch;

  @Option(
      names = "--chip",
      paramLabel = "PX",
      defaultValue = "256",
      description = "Side of a chip in pixels.")
  private int chip;

  @Option(
      names = "--effort",
      paramLabel = "0..5",
      defaultValue = "3",
      description = "How far TensorRT searches for kernels; 5 takes many times as long as 3.")
  private int effort;

  @Mixin private StoreFlags storeFlags;

  @Override
  public Integer call() throws IOException {
    Range.atLeast("--batch", batch, 1);
    Plan plan =
        TensorRtEncoder.compile(
            modelFlags.open(storeFlags.source()).encoder(platform, chip),
            new PlanCompiler.Options(precision, batch, effort));
    ModelCache.sharePlan(modelFlags.uri(), storeFlags.source(), plan.files());
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

package dev.kiln.cli;

import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.PrecisionRequest;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options that choose the encoder. Encoder and precision are recorded in the output footer. */
@Heading.Under(Heading.ENCODER)
final class EncoderFlags {
  @Option(
      names = "--encoder",
      paramLabel = "KIND",
      defaultValue = "auto",
      description =
          "Encoder: auto (a GPU encoder where a GPU is usable, else the CPU), tensorrt,"
              + " cuda, cpu or onnxruntime (default: ${DEFAULT-VALUE}).")
  private EncoderOptions.Kind encoder;

  @Option(
      names = "--require-gpu",
      description = "Fail if no GPU encoder can run, instead of falling back to the CPU.")
  private boolean requireGpu;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      converter = PrecisionConverter.class,
      description =
          "Data type of matrix products: fp32 (within 2e-5 of the published encoder),"
              + " bf16 (within 1e-2), fp16 (GPU only, within 3e-3) or auto (bf16 if the CPU"
              + " supports it and the model stays within tolerance, else fp32) (default: fp32 on"
              + " a CPU, bf16 on a GPU).")
  private PrecisionRequest precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Chips per batch (default: chosen by the encoder).")
  private Integer batch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of a CPU encoder (default: one per core available to the process).")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer threads;

  /** Returns the options, checked. */
  EncoderOptions options() {
    EncoderOptions options =
        EncoderOptions.of(encoder)
            .withRequireGpu(requireGpu)
            .withPrecision(precision == null ? PrecisionRequest.DEFAULT : precision);
    if (batch != null) {
      Range.atLeast("--batch", batch, 1);
      options = options.withBatchSize(batch);
    }
    if (threads != null) {
      Range.threads("--threads", threads);
      options = options.withThreads(threads);
    }
    return options;
  }

  /** Converts the value of {@code --precision}. */
  static final class PrecisionConverter implements ITypeConverter<PrecisionRequest> {
    @Override
    public PrecisionRequest convert(String value) {
      try {
        return PrecisionRequest.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}

package dev.kiln.cli;

import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.PrecisionRequest;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which encoder runs. The precision changes vectors, and stands in the footer with the encoder. */
final class EncoderFlags {
  @Option(
      names = "--encoder",
      paramLabel = "KIND",
      defaultValue = "auto",
      description = "auto (a GPU's where there is one), tensorrt, cuda, cpu or onnxruntime.")
  private EncoderOptions.Kind encoder;

  @Option(names = "--require-gpu", description = "Fail where only a CPU encoder could run.")
  private boolean requireGpu;

  @Option(
      names = "--precision",
      paramLabel = "FORMAT",
      converter = PrecisionConverter.class,
      description =
          "What matrix products read: fp32, within 2e-5 of the published encoder; bf16, about twice"
              + " as fast where the processor has it and within 1e-2; fp16, on a GPU alone and"
              + " within 3e-3; auto, bf16 where a trial at the start shows that processor and model"
              + " bear it, else fp32. Unless given, fp32 on a processor and bf16 on a GPU.")
  private PrecisionRequest precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "0",
      description = "Chips in a batch; 0 lets the encoder choose.")
  private int batch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of a CPU encoder; 0 takes every core that the process may use.")
  private int threads;

  EncoderOptions options() {
    Range.atLeast("--batch", batch, 0);
    Range.atLeast("--threads", threads, 0);
    EncoderOptions options =
        EncoderOptions.of(encoder)
            .withRequireGpu(requireGpu)
            .withPrecision(precision == null ? PrecisionRequest.DEFAULT : precision);
    options = batch == 0 ? options : options.withBatchSize(batch);
    return threads == 0 ? options : options.withThreads(threads);
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

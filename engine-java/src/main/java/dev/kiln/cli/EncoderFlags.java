package dev.kiln.cli;

import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Precision;
import picocli.CommandLine.Option;

/** Which encoder runs. These change no byte, or only the last bits of a vector. */
final class EncoderFlags {
  @Option(
      names = "--encoder",
      paramLabel = "KIND",
      defaultValue = "auto",
      description = "auto, tensorrt, cpu or onnxruntime.")
  private EncoderOptions.Kind encoder;

  @Option(names = "--require-gpu", description = "Fail where only a CPU encoder could run.")
  private boolean requireGpu;

  @Option(
      names = "--precision",
      paramLabel = "FORMAT",
      defaultValue = "auto",
      description =
          "auto, fp32 or bf16: what matrix products read. auto takes bf16 where it is native.")
  private Precision precision;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "0",
      description = "Chips in a batch; 0 lets the encoder choose.")
  private int batch;

  @Option(
      names = "--encoder-threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads of a CPU encoder; 0 takes every processor.")
  private int encoderThreads;

  EncoderOptions options() {
    Range.atLeast("--batch", batch, 0);
    Range.atLeast("--encoder-threads", encoderThreads, 0);
    return new EncoderOptions(encoder, requireGpu, precision, batch, encoderThreads);
  }
}

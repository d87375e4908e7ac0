package dev.kiln.cli;

import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.Precision;
import picocli.CommandLine.Option;

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
      description =
          "What matrix products read: fp32, within 2e-5 of the published encoder; bf16, about twice"
              + " as fast where the processor has it and within 1e-2; fp16, on a GPU alone and"
              + " within 3e-3; auto, the faster of the first two."
              + " Unless given, fp32 on a processor and bf16 on a GPU.")
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

package dev.kiln.cli;

import dev.kiln.infer.EncoderOptions;
import picocli.CommandLine.Option;

/** Which encoder runs. These change no byte, or only the last bits of a vector. */
final class EncoderFlags {
  @Option(
      names = "--encoder",
      paramLabel = "KIND",
      defaultValue = "auto",
      description = "auto, tensorrt or cpu.")
  private EncoderOptions.Kind encoder;

  @Option(names = "--require-gpu", description = "Fail where only a CPU encoder could run.")
  private boolean requireGpu;

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
    return new EncoderOptions(encoder, requireGpu, batch, encoderThreads);
  }
}

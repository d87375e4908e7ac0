package dev.kiln.cli;

import dev.kiln.trace.Nvtx;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** Trace ranges for a profiler. */
final class TraceFlags {
  private static final Logger log = LoggerFactory.getLogger(TraceFlags.class);

  @Option(
      names = "--nvtx",
      description =
          "Send stages and batches to the NVIDIA profiler (nsys, ncu) that started this process.")
  @Heading.Under(Heading.PERFORMANCE)
  private boolean nvtx;

  /** Starts to send ranges if requested. */
  void apply() {
    if (nvtx && !Nvtx.trace()) {
      log.warn(
          "--nvtx has no effect: expected a process started by nsys or ncu, found no profiler");
    }
  }
}

package dev.kiln.cli;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.CheckpointFile;
import dev.kiln.export.Exporter;
import dev.kiln.fetch.PartialCopy;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.memory.ByteRange;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint in a bucket or on a web server. Only the encoder is fetched, to a file beside the
 * model directory. After an interruption, the next export to the same directory resumes.
 */
final class RemoteCheckpoint implements CheckpointFile {
  private static final Logger log = LoggerFactory.getLogger(RemoteCheckpoint.class);
  private static final long LINE_SECONDS = 10;

  private final PartialCopy copy;
  private final boolean terminal;

  private RemoteCheckpoint(PartialCopy copy, boolean terminal) {
    this.copy = copy;
    this.terminal = terminal;
  }

  /**
   * Exports a remote checkpoint.
   *
   * @param uri of the checkpoint
   * @param store how its store is reached
   * @param options what to export
   * @param out model directory to create
   * @throws ConfigurationException as for {@link Exporter#export(Path, Exporter.Options, Path)}
   * @throws IOException if the checkpoint cannot be fetched
   */
  static ModelDirectory export(String uri, StoreOptions store, Exporter.Options options, Path out)
      throws IOException, InterruptedException {
    Path target = out.toAbsolutePath().normalize();
    Exporter.requireReplaceable(target, options.overwrite());
    Files.createDirectories(target.getParent());
    Path file = target.resolveSibling("." + target.getFileName() + ".checkpoint");
    try (PartialCopy copy = PartialCopy.open(uri, store, file)) {
      boolean keep = true;
      try {
        ModelDirectory model =
            Exporter.export(
                new RemoteCheckpoint(copy, Boolean.getBoolean("kiln.terminal")), options, out);
        keep = false;
        log.info(
            "checkpoint fetched: bytes={} of={} resumed={} requests={} retries={}",
            copy.traffic().bytesRead(),
            copy.size(),
            copy.resumed(),
            copy.traffic().requests(),
            copy.traffic().retries());
        return model;
      } catch (ConfigurationException e) {
        // What was fetched is no checkpoint, or a damaged one.
        keep = false;
        throw e;
      } catch (UncheckedIOException e) {
        log.warn(
            "checkpoint not fetched completely, run the same command to resume: checkpoint={} out={}",
            copy.uri(),
            out);
        throw e;
      } finally {
        if (!keep) {
          copy.delete();
        }
      }
    }
  }

  @Override
  public String name() {
    return copy.uri();
  }

  @Override
  public Path path() {
    return copy.path();
  }

  @Override
  public void fetch(List<ByteRange> ranges) {
    long before = copy.traffic().bytesRead();
    long total = copy.missing(ranges);
    if (total == 0) {
      return;
    }
    try (ProgressBar bar = terminal ? bar(total) : null) {
      ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
      timer.scheduleAtFixedRate(
          () -> show(bar, copy.traffic().bytesRead() - before, total),
          bar == null ? LINE_SECONDS * 1000 : 0,
          bar == null ? LINE_SECONDS * 1000 : 500,
          TimeUnit.MILLISECONDS);
      try {
        copy.fetch(ranges);
        if (bar != null) {
          bar.stepTo(total >> 20);
        }
      } finally {
        timer.shutdownNow();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException(copy.uri() + ": interrupted");
      interrupted.initCause(e);
      throw new UncheckedIOException(interrupted);
    }
  }

  private static ProgressBar bar(long total) {
    return new ProgressBarBuilder()
        .setTaskName("checkpoint")
        .setInitialMax(Math.max(1, total >> 20))
        .setUnit(" MiB", 1)
        .build();
  }

  private static void show(ProgressBar bar, long done, long total) {
    if (bar != null) {
      bar.stepTo(Math.min(total, done) >> 20);
    } else {
      log.info(
          "fetching checkpoint: mb={} of_mb={} percent={}",
          done / 1_000_000,
          total / 1_000_000,
          100 * Math.min(done, total) / total);
    }
  }
}

package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.infer.EncoderException;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.TileDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counters of a run, updated by all its stages. */
public final class RunCounters {
  private static final Logger log = LoggerFactory.getLogger(RunCounters.class);

  /**
   * Values of the counters at one moment.
   *
   * @param alreadyDone scenes whose file existed before the run
   * @param embedded scenes whose file was written
   * @param failed scenes that failed
   * @param chips chips embedded
   * @param batches batches embedded
   * @param bytesFetched bytes of objects
   * @param bytesDecoded bytes of raw pixels
   * @param bytesWritten bytes of files
   * @param filesDecoded files decoded by Kiln's own decoder
   * @param filesDecodedByGdal files that its decoder does not support
   */
  public record Counts(
      long alreadyDone,
      long embedded,
      long failed,
      long chips,
      long batches,
      long bytesFetched,
      long bytesDecoded,
      long bytesWritten,
      long filesDecoded,
      long filesDecodedByGdal) {}

  private long alreadyDone;
  private long embedded;
  private long chips;
  private long batches;
  private long bytesFetched;
  private long bytesDecoded;
  private long bytesWritten;
  private long filesDecoded;
  private long filesDecodedByGdal;
  private final List<FailedScene> failures = new ArrayList<>();

  synchronized void alreadyDone() {
    alreadyDone++;
  }

  synchronized void fetched(long bytes) {
    bytesFetched += bytes;
  }

  synchronized void decoded(long bytes) {
    bytesDecoded += bytes;
  }

  /** Counts the files of a scene whose strips are about to be decoded. */
  synchronized void opened(List<CogFile> files) {
    for (CogFile file : files) {
      if (file.decoder() == TileDecoder.NATIVE) {
        filesDecoded++;
      } else {
        filesDecodedByGdal++;
      }
    }
  }

  synchronized void embedded(int count) {
    chips += count;
    batches++;
  }

  synchronized void written(long bytes) {
    embedded++;
    bytesWritten += bytes;
  }

  /**
   * Records a scene that failed.
   *
   * @throws ConfigurationException if that is the cause, because every other scene would fail too
   */
  void failed(String sceneKey, Exception cause) {
    if (cause instanceof ConfigurationException fault) {
      throw fault;
    }
    FailedScene scene = describe(sceneKey, cause);
    if (scene.kind() == FailedScene.Kind.INTERNAL) {
      log.error("scene {} failed: {}", sceneKey, scene.reason(), cause);
    } else {
      log.warn("scene {} failed ({}): {}", sceneKey, scene.kind(), scene.description());
    }
    synchronized (this) {
      failures.add(scene);
    }
  }

  private static FailedScene describe(String sceneKey, Exception cause) {
    if (cause instanceof SceneException fault) {
      FailedScene.Kind kind =
          fault.kind() == SceneException.Kind.PERMANENT
              ? FailedScene.Kind.PERMANENT
              : FailedScene.Kind.TRANSIENT;
      return new FailedScene(sceneKey, kind, fault.key(), fault.reason());
    }
    if (cause instanceof IOException || cause instanceof EncoderException) {
      return new FailedScene(sceneKey, FailedScene.Kind.TRANSIENT, sceneKey, cause.toString());
    }
    return new FailedScene(
        sceneKey, FailedScene.Kind.INTERNAL, sceneKey, "internal error: " + cause);
  }

  synchronized List<FailedScene> failures() {
    return List.copyOf(failures);
  }

  synchronized Counts counts() {
    return new Counts(
        alreadyDone,
        embedded,
        failures.size(),
        chips,
        batches,
        bytesFetched,
        bytesDecoded,
        bytesWritten,
        filesDecoded,
        filesDecodedByGdal);
  }
}

package dev.kiln.run;

import dev.kiln.error.KilnException;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.infer.EncoderException;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.TileDecoder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Counters of a run, updated by all its stages. */
public final class RunCounters {
  /** Decisions that the report can list; further ones are in the files' footers. */
  private static final int MOST_DECISIONS = 1000;

  private static final Logger log = LoggerFactory.getLogger(RunCounters.class);

  /** Scenes in a row that ran out of memory, after which the machine is at fault. */
  private static final int OUT_OF_MEMORY_LIMIT = 3;

  /**
   * Values of the counters at one moment.
   *
   * @param alreadyDone scenes whose file existed before the run
   * @param embedded scenes whose file was written
   * @param failed scenes that failed
   * @param opened scenes whose chips are known
   * @param openedChips chips of these scenes that are to be embedded
   * @param chips chips embedded
   * @param leftOut chips not embedded, by reason
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
      long opened,
      long openedChips,
      long chips,
      ChipsLeftOut leftOut,
      long batches,
      long bytesFetched,
      long bytesDecoded,
      long bytesWritten,
      long filesDecoded,
      long filesDecodedByGdal) {}

  private final FirstScenes first;
  private long alreadyDone;
  private long embedded;
  private long opened;
  private long openedChips;
  private long chips;
  private ChipsLeftOut leftOut = ChipsLeftOut.NONE;
  private long batches;
  private long bytesFetched;
  private long bytesDecoded;
  private long bytesWritten;
  private long filesDecoded;
  private long filesDecodedByGdal;
  private int outOfMemory;
  private final Set<Long> itemIds = new HashSet<>();
  private boolean sharedIdLogged;
  private final List<FailedScene> failures = new ArrayList<>();
  private final TreeMap<String, Long> decisions = new TreeMap<>();

  /**
   * Creates counters that are zero.
   *
   * @param first detects that the options are wrong and not the scenes
   */
  RunCounters(FirstScenes first) {
    this.first = first;
  }

  /** Sets the scenes that are embedded first. */
  void first(List<String> sceneKeys) {
    first.watch(sceneKeys);
  }

  synchronized void alreadyDone() {
    first.readable();
    alreadyDone++;
  }

  synchronized void fetched(long bytes) {
    bytesFetched += bytes;
  }

  synchronized void decoded(long bytes) {
    bytesDecoded += bytes;
  }

  /** Counts the files of a scene whose strips are about to be decoded. */
  synchronized void opened(List<CogFile> files, long sceneChips) {
    first.readable();
    opened++;
    openedChips += sceneChips;
    for (CogFile file : files) {
      if (file.decoder() == TileDecoder.NATIVE) {
        filesDecoded++;
      } else {
        filesDecodedByGdal++;
      }
    }
  }

  /**
   * Notes the id that a scene's chips carry. Scenes with one id have equal chip ids, which no file
   * shows by itself.
   */
  synchronized void itemId(String sceneKey, String itemId) {
    // A hash each: a shard can have a million scenes.
    long hash =
        UUID.nameUUIDFromBytes(itemId.getBytes(StandardCharsets.UTF_8)).getMostSignificantBits();
    if (!itemIds.add(hash)) {
      // An archive may give all its scenes one id: one line, the report has the number.
      if (!sharedIdLogged) {
        sharedIdLogged = true;
        log.warn(
            "chip ids are not unique: scenes have the same item id, the report counts them: scene={}"
                + " id={}",
            Printable.of(sceneKey),
            Printable.of(itemId));
      }
      decided(Map.of("item-id", "not unique in this run"));
    }
  }

  /** Counts the chips of a scene that are not embedded. */
  synchronized void leftOut(ChipsLeftOut chips) {
    leftOut = leftOut.plus(chips);
  }

  synchronized void embedded(int count) {
    chips += count;
    batches++;
  }

  synchronized void written(long bytes) {
    embedded++;
    bytesWritten += bytes;
    outOfMemory = 0;
  }

  /**
   * Records a scene that failed.
   *
   * @throws KilnException if the cause is an error of configuration or machine, because every other
   *     scene would fail too, or if the first scenes all failed for the same reason
   * @throws OutOfMemoryError if the cause is the third of its kind and no scene has been written
   *     since the first
   */
  void failed(String sceneKey, Throwable cause) {
    if (cause instanceof KilnException error && !(cause instanceof SceneException)) {
      throw error;
    }
    if (cause instanceof OutOfMemoryError error && isRepeated()) {
      throw error;
    }
    FailedScene scene = describe(sceneKey, cause);
    boolean bug = scene.kind() == FailedScene.Kind.INTERNAL;
    log.atLevel(bug ? Level.ERROR : Level.WARN)
        .addKeyValue("scene", sceneKey)
        .setCause(bug ? cause : null)
        .log(
            "scene {} failed ({}): {}",
            Printable.of(sceneKey),
            scene.kind(),
            Printable.of(scene.description()));
    synchronized (this) {
      failures.add(scene);
    }
    first.failed(scene);
  }

  private synchronized boolean isRepeated() {
    outOfMemory++;
    return outOfMemory >= OUT_OF_MEMORY_LIMIT;
  }

  private static FailedScene describe(String sceneKey, Throwable cause) {
    if (cause instanceof SceneException fault) {
      FailedScene.Kind kind =
          fault.kind() == SceneException.Kind.PERMANENT
              ? FailedScene.Kind.PERMANENT
              : FailedScene.Kind.TRANSIENT;
      return new FailedScene(sceneKey, kind, fault.key(), fault.reason());
    }
    if (cause instanceof OutOfMemoryError) {
      return new FailedScene(
          sceneKey,
          FailedScene.Kind.PERMANENT,
          sceneKey,
          "out of memory (%s): raise -Xmx in KILN_JAVA_OPTS, or lower --fetch-memory or --batch"
              .formatted(cause.getMessage()));
    }
    if (cause instanceof IOException || cause instanceof EncoderException || isInterrupt(cause)) {
      return new FailedScene(sceneKey, FailedScene.Kind.TRANSIENT, sceneKey, cause.toString());
    }
    return new FailedScene(
        sceneKey, FailedScene.Kind.INTERNAL, sceneKey, "internal error: " + cause);
  }

  /** Returns whether work was interrupted, which happens when a run is aborted. */
  private static boolean isInterrupt(Throwable cause) {
    for (Throwable e = cause; e != null; e = e.getCause()) {
      if (e instanceof ClosedByInterruptException || e instanceof InterruptedIOException) {
        return true;
      }
    }
    return false;
  }

  /** Counts the decisions that changed the vectors of a scene. */
  synchronized void decided(Map<String, String> byName) {
    byName.forEach((name, value) -> decisions.merge(name + ": " + value, 1L, Long::sum));
    while (decisions.size() > MOST_DECISIONS) {
      decisions.pollLastEntry();
    }
  }

  /** Returns how many scenes each decision was taken for. */
  synchronized Map<String, Long> decisions() {
    return new TreeMap<>(decisions);
  }

  synchronized List<FailedScene> failures() {
    return List.copyOf(failures);
  }

  synchronized Counts counts() {
    return new Counts(
        alreadyDone,
        embedded,
        failures.size(),
        opened,
        openedChips,
        chips,
        leftOut,
        batches,
        bytesFetched,
        bytesDecoded,
        bytesWritten,
        filesDecoded,
        filesDecodedByGdal);
  }
}

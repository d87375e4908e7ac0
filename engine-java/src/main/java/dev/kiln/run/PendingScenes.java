package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.sink.OutputKey;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * Hands out the keys of a shard whose file is not there yet, in order. The output is asked for a
 * block of keys at a time, which costs a bucket one list request.
 */
final class PendingScenes {
  /** As many keys as a list request names. */
  private static final int BLOCK = 1000;

  private final Iterator<String> keys;
  private final ObjectStore out;
  private final boolean overwrite;
  private final RunCounters tally;
  private final Queue<String> ready = new ArrayDeque<>();

  /**
   * @param overwrite hand out all keys
   * @param tally is told of keys whose file is there
   */
  PendingScenes(Iterable<String> keys, ObjectStore out, boolean overwrite, RunCounters tally) {
    this.keys = keys.iterator();
    this.out = out;
    this.overwrite = overwrite;
    this.tally = tally;
  }

  /** The next key, or null after the last. */
  synchronized String next() throws IOException {
    while (ready.isEmpty() && keys.hasNext()) {
      fill();
    }
    return ready.poll();
  }

  private void fill() throws IOException {
    Map<String, String> fileOf = new LinkedHashMap<>();
    while (fileOf.size() < BLOCK && keys.hasNext()) {
      String key = keys.next();
      try {
        fileOf.put(key, OutputKey.of(key));
      } catch (IllegalArgumentException e) {
        tally.failed(key, SceneException.permanent(key, e.getMessage(), e));
      }
    }
    Set<String> there = overwrite ? Set.of() : there(fileOf.values());
    fileOf.forEach(
        (key, file) -> {
          if (there.contains(file)) {
            tally.alreadyDone();
          } else {
            ready.add(key);
          }
        });
  }

  private Set<String> there(Collection<String> files) throws IOException {
    try {
      return out.existing(files);
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(
          "--out "
              + out.root()
              + " may not be asked which files are there: grant s3:ListBucket, or give --overwrite",
          e);
    }
  }
}

package dev.kiln.run;

import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.fetch.UnreadableObjectException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Collection;

/** Turns errors of object stores into errors of a scene. */
final class StoreErrors {
  private StoreErrors() {}

  /**
   * Returns whether the store has used all attempts of the request that failed. Attempts of the
   * scene on top would multiply with them.
   */
  static boolean afterAllAttempts(Throwable error) {
    return error.getCause() instanceof UnavailableException unavailable && unavailable.retried();
  }

  /**
   * Returns the error of a scene: permanent if the object is missing, forbidden or unreadable, else
   * transient.
   *
   * @param store that failed
   * @param keys objects that were requested, one of which is at fault
   * @param e the store's error
   */
  static SceneException of(ObjectStore store, Collection<String> keys, IOException e) {
    String file = e instanceof FileSystemException failed ? failed.getFile() : null;
    String key =
        keys.stream()
            .filter(requested -> keys.size() == 1 || store.uri(requested).equals(file))
            .findFirst()
            .orElse(store.root());
    boolean permanent =
        e instanceof NoSuchFileException
            || e instanceof AccessDeniedException
            || e instanceof UnreadableObjectException;
    String reason =
        e instanceof FileSystemException failed && failed.getReason() != null
            ? failed.getReason()
            : "reading failed: " + e.getMessage();
    return permanent
        ? SceneException.permanent(key, reason, e)
        : SceneException.transientError(key, reason, e);
  }
}

package dev.kiln.error;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * Exit codes of the process. A scheduler decides by them whether to start another attempt. This is
 * the only table: help texts are generated from it, and documentation is checked against it.
 */
public enum ExitCode {
  /** Everything is done. */
  DONE(0, "all done", false),

  /** A bug in Kiln. */
  INTERNAL(1, "internal error: a bug in Kiln", false),

  /** The command line is invalid. */
  USAGE(2, "invalid command line", false),

  /** Some scenes can never be embedded; all others are done. */
  SCENES_FAILED(65, "some scenes failed permanently, all others are done", false),

  /** A transient error: another attempt can succeed, and finished scenes are kept. */
  TRY_AGAIN(75, "transient error: run again, finished scenes are kept", true),

  /** Something must be changed before another attempt can succeed. */
  CONFIGURATION(78, "configuration error: the message names what to change", false),

  /** The self-test found nothing to test. */
  UNPROVEN(79, "kiln selftest found no CUDA device to test", false),

  /** Stopped by SIGTERM after saving. */
  TERMINATED(143, "stopped by SIGTERM after saving", true);

  private final int code;
  private final String meaning;
  private final boolean retry;

  ExitCode(int code, String meaning, boolean retry) {
    this.code = code;
    this.meaning = meaning;
    this.retry = retry;
  }

  /** {@return the number that the process exits with} */
  public int code() {
    return code;
  }

  /** {@return the meaning in a few words, without a full stop} */
  public String meaning() {
    return meaning;
  }

  /** {@return whether a scheduler should start another attempt} */
  public boolean retry() {
    return retry;
  }

  /**
   * {@return the exit code of a command or a run that an error ended}
   *
   * @param error that ended a command or a run
   */
  public static ExitCode of(Throwable error) {
    if (error instanceof UncheckedIOException unchecked) {
      return of(unchecked.getCause());
    }
    if (error instanceof SceneException scene) {
      return scene.kind() == SceneException.Kind.TRANSIENT ? TRY_AGAIN : SCENES_FAILED;
    }
    if (error instanceof ConfigurationException
        || error instanceof OutOfMemoryError
        || error instanceof NoSuchFileException
        || error instanceof AccessDeniedException
        || error instanceof NotDirectoryException) {
      return CONFIGURATION;
    }
    // Other I/O errors, such as a full disk or a broken connection, are not due to the request.
    return error instanceof MachineException || error instanceof IOException ? TRY_AGAIN : INTERNAL;
  }
}

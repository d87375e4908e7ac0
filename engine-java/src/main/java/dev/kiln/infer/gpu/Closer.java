package dev.kiln.infer.gpu;

/** Closes several resources, each whatever became of the others. */
final class Closer {
  private RuntimeException failure;

  /**
   * @param resource may be null: what was never made
   */
  void close(AutoCloseable resource) {
    try {
      if (resource != null) {
        resource.close();
      }
    } catch (Exception e) {
      if (failure == null) {
        failure = e instanceof RuntimeException known ? known : new IllegalStateException(e);
      } else {
        failure.addSuppressed(e);
      }
    }
  }

  /** Throws the first failure, if there was one, with the later ones suppressed in it. */
  void done() {
    if (failure != null) {
      throw failure;
    }
  }
}

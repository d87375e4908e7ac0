package dev.kiln.infer.gpu;

/** Closes several resources, even if some of them fail to close. */
final class Closer {
  private RuntimeException failure;

  /**
   * Closes a resource and keeps its failure.
   *
   * @param resource null if it was never created
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

  /** Throws the first failure, if any, with later ones as suppressed exceptions. */
  void done() {
    if (failure != null) {
      throw failure;
    }
  }
}

package dev.kiln.run;

/**
 * Hands the sections of a large scene from the fetch to the decode stage. While one is read, the
 * next is fetched; earlier ones are freed.
 */
final class SectionFeed {
  private int fetched = 1;
  private int reading;
  private Throwable failure;
  private boolean closed;

  /** Creates a feed whose first section is in memory. */
  SectionFeed() {}

  /**
   * Waits until a section can be read; those before it are not read any more.
   *
   * @throws RuntimeException why it cannot be fetched
   */
  synchronized void await(int section) throws InterruptedException {
    reading = Math.max(reading, section);
    notifyAll();
    while (fetched <= section && failure == null) {
      wait();
    }
    if (fetched <= section) {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    }
  }

  /**
   * Waits until there is room for a section, that is, the one before it is being read.
   *
   * @return false if it is not wanted any more
   */
  synchronized boolean awaitRoom(int section) throws InterruptedException {
    while (!closed && reading < section - 1) {
      wait();
    }
    return !closed;
  }

  /** Records that a section is in memory. */
  synchronized void fetched(int section) {
    fetched = section + 1;
    notifyAll();
  }

  /**
   * Records why no further section is fetched.
   *
   * @param cause a RuntimeException or an Error
   */
  synchronized void fail(Throwable cause) {
    failure = cause;
    notifyAll();
  }

  /** Records that no further section is wanted. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}

package dev.kiln.run;

/** Bounds the bytes that are held at once. First come, first served. */
final class ByteBudget {
  private final long limit;
  private long held;
  private long nextTicket;
  private long serving;

  ByteBudget(long limit) {
    this.limit = limit;
  }

  /** A part of the budget; closing it twice gives it back once. */
  final class Share implements AutoCloseable {
    private long bytes;

    private Share(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public void close() {
      synchronized (ByteBudget.this) {
        held -= bytes;
        bytes = 0;
        ByteBudget.this.notifyAll();
      }
    }
  }

  /**
   * Waits until the bytes fit. Something larger than the whole budget gets it alone: it is late,
   * not stuck.
   */
  synchronized Share take(long bytes) throws InterruptedException {
    long ticket = nextTicket++;
    try {
      while (ticket != serving || (held > 0 && held + bytes > limit)) {
        wait();
      }
      held += bytes;
      return new Share(bytes);
    } finally {
      // Tickets leave in order, so an interrupted wait lets the next one on as well.
      serving = Math.max(serving, ticket + 1);
      notifyAll();
    }
  }

  synchronized long held() {
    return held;
  }
}

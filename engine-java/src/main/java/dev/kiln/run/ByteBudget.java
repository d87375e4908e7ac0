package dev.kiln.run;

/** Limits the bytes that are held at once. First come, first served. */
final class ByteBudget {
  private final long limit;
  private long held;
  private long nextTicket;
  private long serving;

  ByteBudget(long limit) {
    this.limit = limit;
  }

  /** A share of the budget. Closing it gives it back; a second close does nothing. */
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
   * Waits until the bytes are available. A request larger than the whole budget waits until nothing
   * else is held, and then gets it alone.
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
      // Tickets are served in order, so an interrupted wait must let the next one proceed.
      serving = Math.max(serving, ticket + 1);
      notifyAll();
    }
  }

  synchronized long held() {
    return held;
  }
}

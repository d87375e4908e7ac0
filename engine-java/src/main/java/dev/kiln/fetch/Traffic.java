package dev.kiln.fetch;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the requests to a store and the bytes of objects that they transferred. */
public final class Traffic {
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();

  /**
   * A snapshot of the counters.
   *
   * @param requests number of requests, retries included
   * @param retries number of retries
   * @param bytesRead bytes of objects that were read
   * @param bytesWritten bytes of objects that were written
   */
  public record Counts(long requests, long retries, long bytesRead, long bytesWritten) {
    /**
     * {@return the sums of two snapshots}
     *
     * @param other snapshot of another store
     */
    public Counts plus(Counts other) {
      return new Counts(
          requests + other.requests,
          retries + other.retries,
          bytesRead + other.bytesRead,
          bytesWritten + other.bytesWritten);
    }
  }

  void request() {
    requests.incrementAndGet();
  }

  void retry() {
    retries.incrementAndGet();
  }

  void read(long bytes) {
    bytesRead.addAndGet(bytes);
  }

  void written(long bytes) {
    bytesWritten.addAndGet(bytes);
  }

  Counts counts() {
    return new Counts(requests.get(), retries.get(), bytesRead.get(), bytesWritten.get());
  }
}

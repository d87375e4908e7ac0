package dev.kiln.fetch;

import java.util.concurrent.atomic.AtomicLong;

/** What went over the way to a store, counted by all its requests. */
public final class Traffic {
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();

  /**
   * @param requests made, those tried again included
   * @param retries requests that were tried again
   * @param bytesRead of objects
   * @param bytesWritten of objects
   */
  public record Counts(long requests, long retries, long bytesRead, long bytesWritten) {}

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

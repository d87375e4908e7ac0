package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Fetches ranges of objects in parts of a few megabytes, as many at once as there are connections.
 * Scenes that are fetched at the same time take turns at free connections.
 */
final class RangeFetch {
  /** Large enough that a connection is at full speed, small enough to share the work. */
  private static final int PART_BYTES = 8 << 20;

  private final RangeRequests requests;
  private final Semaphore connections;

  /**
   * Creates a fetcher.
   *
   * @param requests to the store
   * @param connections number of concurrent requests
   */
  RangeFetch(RangeRequests requests, int connections) {
    this.requests = requests;
    this.connections = new Semaphore(connections, true);
  }

  /** The first bytes of an object, and its size. */
  record Head(String key, String version, long size, ByteBuffer bytes, boolean ranges) {}

  /** Completes objects whose first bytes have been read. */
  @FunctionalInterface
  interface Completion {
    /** Nothing else is needed. */
    Completion NONE = (heads, objects) -> {};

    /** Reads what else the objects need; both lists are in the order of the keys. */
    void complete(List<Head> heads, List<SparseObject> objects)
        throws IOException, InterruptedException;
  }

  /** Fetches the first bytes of objects. */
  List<Head> heads(List<String> keys) throws IOException, InterruptedException {
    List<ByteBuffer> buffers = new ArrayList<>();
    List<Supplier<CompletableFuture<RangeSink>>> starts = new ArrayList<>();
    for (String key : keys) {
      ByteBuffer buffer = ByteBuffer.allocate(ObjectStore.HEAD_BYTES);
      buffers.add(buffer);
      ByteRange range = new ByteRange(0, ObjectStore.HEAD_BYTES);
      starts.add(() -> requests.range(key, range, Optional.empty(), buffer));
    }
    List<RangeSink> sinks = runAll(keys, starts);
    List<Head> heads = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      RangeSink sink = sinks.get(i);
      heads.add(
          new Head(
              keys.get(i),
              sink.version(),
              sink.objectSize(),
              buffers.get(i).limit(sink.received()),
              !sink.isWhole()));
    }
    return heads;
  }

  /**
   * Opens objects by their first bytes. If anything fails, all are closed.
   *
   * @param store to which the objects belong
   * @param keys of the objects
   * @param completion reads what else is needed
   * @return the objects, in the order of the keys; the caller closes them
   */
  List<SparseObject> open(ObjectStore store, List<String> keys, Completion completion)
      throws IOException, InterruptedException {
    List<SparseObject> objects = new ArrayList<>();
    try {
      List<Head> heads = heads(keys);
      for (Head head : heads) {
        objects.add(
            SparseObject.open(store, head.key(), head.version(), head.size(), head.bytes()));
      }
      completion.complete(heads, objects);
      return objects;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      ObjectStore.closeAll(objects);
      throw e;
    }
  }

  /** Fetches the planned ranges into the objects' buffers. */
  void ranges(Collection<RangePlan> plans) throws IOException, InterruptedException {
    ranges(plans, PART_BYTES);
  }

  /**
   * Fetches the planned ranges, each in parts of a given size.
   *
   * @param partBytes largest size of a request
   */
  void ranges(Collection<RangePlan> plans, int partBytes) throws IOException, InterruptedException {
    List<String> keys = new ArrayList<>();
    List<ObjectPart> parts = new ArrayList<>();
    List<Supplier<CompletableFuture<RangeSink>>> starts = new ArrayList<>();
    for (RangePlan plan : plans) {
      SparseObject object = plan.object();
      for (ByteRange range : plan.ranges()) {
        for (long at = range.offset(); at < range.end(); at += partBytes) {
          int length = (int) Math.min(partBytes, range.end() - at);
          ObjectPart part =
              new ObjectPart(
                  new ByteRange(at, length),
                  object.version(),
                  object.buffer().slice(at, length),
                  requests.traffic());
          keys.add(object.key());
          parts.add(part);
          starts.add(() -> requests.part(object.key(), part));
        }
      }
    }
    try {
      runAll(keys, starts);
    } finally {
      // The buffers may be freed as soon as this returns.
      parts.forEach(ObjectPart::stop);
    }
    plans.forEach(plan -> plan.ranges().forEach(plan.object()::addHeld));
  }

  /**
   * Runs requests in order as connections come free. The first that fails cancels the others.
   *
   * @param keys the object of each request
   */
  private List<RangeSink> runAll(
      List<String> keys, List<Supplier<CompletableFuture<RangeSink>>> starts)
      throws IOException, InterruptedException {
    CompletableFuture<Void> failed = new CompletableFuture<>();
    List<CompletableFuture<RangeSink>> running = new ArrayList<>();
    try {
      for (int i = 0; i < starts.size() && !failed.isDone(); i++) {
        connections.acquire();
        running.add(start(starts.get(i), failed));
      }
      CompletableFuture<Void> all =
          CompletableFuture.allOf(running.toArray(CompletableFuture<?>[]::new));
      CompletableFuture.anyOf(failed, all.exceptionally(thrown -> null)).get();
      for (int i = 0; i < running.size(); i++) {
        if (running.get(i).isCompletedExceptionally()) {
          throw error(keys.get(i), running.get(i));
        }
      }
      return running.stream().map(CompletableFuture::join).toList();
    } catch (ExecutionException e) {
      // Neither of the two futures completes exceptionally.
      throw new IllegalStateException(e);
    } finally {
      running.forEach(request -> request.cancel(true));
    }
  }

  private IOException error(String key, CompletableFuture<?> failed) throws InterruptedException {
    try {
      Requests.await(failed);
      throw new IllegalStateException(key + ": did not fail");
    } catch (RequestException e) {
      if (e.kind() == RequestException.Kind.NO_RANGES && !requests.servesRanges()) {
        throw new ConfigurationException(requests.uri(key) + ": " + e.getMessage(), e);
      }
      return e.toIoException(requests.uri(key));
    }
  }

  private CompletableFuture<RangeSink> start(
      Supplier<CompletableFuture<RangeSink>> start, CompletableFuture<Void> failed) {
    CompletableFuture<RangeSink> request = start.get();
    request.whenComplete(
        (sink, thrown) -> {
          if (thrown != null) {
            failed.complete(null);
          }
          connections.release();
        });
    return request;
  }
}

package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;

/**
 * An object read front to back, range by range, so that a broken connection costs one range and not
 * the whole object. All bytes are of one version of the object.
 */
final class RangeStream extends InputStream {
  /** Larger than most STAC items, so that an item is read with one request. */
  private static final int FIRST_BYTES = 1 << 20;

  private static final int NEXT_BYTES = 8 << 20;

  private final RangeRequests requests;
  private final String key;
  private ByteBuffer chunk = ByteBuffer.allocate(FIRST_BYTES);
  private Optional<String> version = Optional.empty();
  private long at;
  private long size = Long.MAX_VALUE;

  /** Opens the object and reads its first bytes. */
  RangeStream(RangeRequests requests, String key) throws IOException {
    this.requests = requests;
    this.key = key;
    next();
  }

  private void next() throws IOException {
    chunk.clear();
    ByteRange range = ByteRange.between(at, Math.min(size, at + chunk.capacity()));
    try {
      RangeSink sink = Requests.await(requests.range(key, range, version, chunk));
      chunk.limit(sink.received());
      version = Optional.of(sink.version());
      size = sink.objectSize();
      at += sink.received();
    } catch (RequestException e) {
      if (e.kind() == RequestException.Kind.NO_SUCH_RANGE && at == 0) {
        chunk.limit(0);
        size = 0;
        return;
      }
      throw e.toIoException(requests.uri(key));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(requests.uri(key) + ": interrupted while reading");
    }
  }

  /** Reads the next range if the last one is used up; returns false at the end. */
  private boolean ready() throws IOException {
    if (!chunk.hasRemaining() && at < size) {
      if (chunk.capacity() < NEXT_BYTES) {
        chunk = ByteBuffer.allocate(NEXT_BYTES);
      }
      next();
    }
    return chunk.hasRemaining();
  }

  @Override
  public int read() throws IOException {
    return ready() ? chunk.get() & 0xFF : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!ready()) {
      return -1;
    }
    int n = Math.min(length, chunk.remaining());
    chunk.get(into, offset, n);
    return n;
  }

  @Override
  public int available() {
    return chunk.remaining();
  }
}

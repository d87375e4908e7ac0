package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.http.HttpResponse;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes that go straight from a socket into borrowed memory. */
@Timeout(60)
class RangeSinkTest {
  private final ByteBuffer target = ByteBuffer.allocateDirect(10);
  private final Traffic traffic = new Traffic();

  private RangeSink sink(ByteBuffer memory) {
    return new RangeSink(new ByteRange(0, 10), Optional.empty(), memory, traffic);
  }

  /** A socket that always has bytes of one value. */
  private static ReadableByteChannel full(int value, Runnable whileReading) {
    return new ReadableByteChannel() {
      @Override
      public int read(ByteBuffer into) {
        whileReading.run();
        int length = into.remaining();
        while (into.hasRemaining()) {
          into.put((byte) value);
        }
        return length;
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void bytesArriveInPlaceUpToTheEndOfTheRange() throws IOException {
    RangeSink sink = sink(target);
    sink.begin("\"a\"", "bytes 0-9/100");
    sink.accept(ByteBuffer.wrap(new byte[] {1, 1}));
    assertThat(sink.receive(full(2, () -> {}), 3)).isEqualTo(3);
    assertThat(sink.receive(full(3, () -> {}), 1000)).isEqualTo(5);
    assertThat(sink.receive(full(4, () -> {}), 1000)).isEqualTo(HttpResponse.NO_MEMORY);
    sink.complete();
    assertThat(sink.result()).isCompleted();
    byte[] all = new byte[10];
    target.get(0, all);
    assertThat(all).containsExactly(1, 1, 2, 2, 2, 3, 3, 3, 3, 3);
    assertThat(traffic.counts().bytesRead()).isEqualTo(10);
  }

  @Test
  void memoryThatIsNotWantedIsNotWritten() throws IOException {
    RangeSink refused = sink(target);
    refused.begin("\"a\"", "bytes 5-9/100");
    RangeSink closed = sink(target);
    closed.begin("\"a\"", "bytes 0-9/100");
    closed.close();
    RangeSink whole = sink(target);
    whole.beginWhole("\"a\"", 100);
    RangeSink heap = sink(ByteBuffer.allocate(10));
    heap.begin("\"a\"", "bytes 0-9/100");
    for (RangeSink sink : new RangeSink[] {refused, closed, whole, heap}) {
      assertThat(sink.receive(full(1, () -> {}), 10)).isEqualTo(HttpResponse.NO_MEMORY);
    }
    assertThat(target.get(0)).isZero();
  }

  /** The memory can be freed as soon as the sink is closed. */
  @Test
  void closingWaitsForARead() throws Exception {
    RangeSink sink = sink(target);
    sink.begin("\"a\"", "bytes 0-9/100");
    CountDownLatch reading = new CountDownLatch(1);
    Thread closing = new Thread(sink::close);
    Thread receiving =
        new Thread(
            () -> {
              try {
                sink.receive(
                    full(
                        1,
                        () -> {
                          reading.countDown();
                          while (closing.getState() != Thread.State.BLOCKED
                              && closing.getState() != Thread.State.TERMINATED) {
                            Thread.onSpinWait();
                          }
                        }),
                    4);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    receiving.start();
    reading.await();
    closing.start();
    closing.join();
    receiving.join();
    assertThat(sink.received()).isEqualTo(4);
    assertThat(sink.receive(full(2, () -> {}), 4)).isEqualTo(HttpResponse.NO_MEMORY);
    assertThat(target.get(4)).isZero();
  }
}

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.GoogleServer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StallWatchTest {
  @Test
  void onlyTransfersThatGoOnCanStall() throws Exception {
    CountDownLatch stalled = new CountDownLatch(1);
    CountDownLatch afterEnd = new CountDownLatch(1);
    StallWatch ended = new StallWatch(Duration.ofMillis(50));
    ended.start(afterEnd::countDown);
    ended.end();
    new StallWatch(Duration.ofMillis(50)).start(stalled::countDown);
    assertThat(stalled.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(afterEnd.getCount()).isEqualTo(1);
  }

  @Test
  void timerKeepsNoMemoryOfAnUploadThatHasEnded() throws Exception {
    try (GoogleServer server = GoogleServer.start();
        ObjectStore store =
            ObjectStores.open("gs://bucket", limits(GoogleServer.options(server.endpoint())))) {
      server.container("bucket");
      byte[] bytes = new byte[1 << 20];
      WeakReference<byte[]> sent = new WeakReference<>(bytes);
      store.put("a", bytes);
      bytes = null;
      // The stall limit is longer than this test.
      for (int i = 0; i < 100 && sent.get() != null; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertThat(sent.get()).isNull();
    }
  }

  private static StoreOptions limits(StoreOptions options) {
    return new StoreOptions(
            options.endpoint(),
            options.region(),
            options.identity(),
            new RequestLimits(4, 2, Duration.ofMillis(5), Duration.ofMinutes(5)))
        .withCloud(options.cloud());
  }
}

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.GoogleServer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UploadMemoryTest {
  @Test
  void clientKeepsNoMemoryOfAnUploadThatHasEnded() throws Exception {
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

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.ByteRange;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HttpRangeSinkTest {
  /** Google decompresses such objects for clients that want the bytes as they are. */
  @Test
  void objectThatIsStoredCompressedIsNamed() {
    RangeSink sink =
        new RangeSink(
            new ByteRange(0, 10), Optional.empty(), ByteBuffer.allocate(10), new Traffic());
    HttpRangeSink.of(
        sink,
        200,
        HttpHeaders.of(
            Map.of("x-goog-stored-content-encoding", List.of("gzip")), (name, value) -> true),
        Duration.ofSeconds(20));
    assertThatThrownBy(() -> Requests.await(sink.result()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("stored with Content-Encoding gzip")
        .hasMessageContaining("upload it again uncompressed");
  }
}

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.ByteRange;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HttpRangeSinkTest {
  private static final int LENGTH = 10;

  private final RangeSink sink =
      new RangeSink(
          new ByteRange(0, LENGTH), Optional.empty(), ByteBuffer.allocate(LENGTH), new Traffic());

  /** Starts a response without a body yet. */
  private static RangeSink begin(RangeSink sink, int status, Map<String, String> headers) {
    Map<String, List<String>> lists = new HashMap<>();
    headers.forEach((name, value) -> lists.put(name, List.of(value)));
    HttpHeaders all = HttpHeaders.of(lists, (name, value) -> true);
    HttpRangeSink.of(sink, new HttpSender.Head(status, all, () -> {}), false);
    return sink;
  }

  /** Receives a response to a range of a larger object. */
  private static RangeSink receivePart(RangeSink sink, String coding, int sentBytes) {
    begin(
        sink,
        206,
        Map.of("Content-Encoding", coding, "Content-Range", "bytes 0-9/100", "ETag", "\"a\""));
    sink.accept(ByteBuffer.allocate(sentBytes));
    sink.complete();
    return sink;
  }

  private static void assertRefused(RangeSink sink, String message) {
    assertThatThrownBy(() -> Requests.await(sink.result()))
        .isInstanceOfSatisfying(
            RequestException.class,
            e -> assertThat(e.kind()).isEqualTo(RequestException.Kind.REFUSED))
        .hasMessageContaining(message);
  }

  /** Google decompresses such objects for clients that want the bytes as they are. */
  @Test
  void objectThatIsStoredCompressedIsNamed() {
    begin(sink, 200, Map.of("x-goog-stored-content-encoding", "gzip"));
    assertRefused(sink, "stored with Content-Encoding gzip");
    assertRefused(sink, "upload it again uncompressed");
  }

  /** A retry would be answered in the same way. */
  @Test
  void wholeObjectsThatAreCompressedAreRefused() {
    begin(sink, 200, Map.of("Content-Encoding", "gzip", "Content-Length", "7"));
    assertRefused(sink, "the server compresses responses (Content-Encoding gzip)");
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 12})
  void rangesThatAreCompressedAreRefused(int sentBytes) {
    receivePart(sink, "GZIP", sentBytes);
    assertRefused(sink, "the server compresses responses (Content-Encoding gzip)");
  }

  /** S3 and others state encodings of uploads that are none of the body. */
  @ParameterizedTest
  @ValueSource(strings = {"aws-chunked", "identity", "gzip"})
  void encodingsThatDoNotChangeLengthsAreIgnored(String coding) throws Exception {
    receivePart(sink, coding, LENGTH);
    assertThat(Requests.await(sink.result()).received()).isEqualTo(LENGTH);
  }
}

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

@Timeout(60)
class HttpRangeSinkTest {
  /** Google decompresses such objects for clients that want the bytes as they are. */
  @Test
  void objectThatIsStoredCompressedIsNamed() {
    RangeSink sink =
        new RangeSink(
            new ByteRange(0, 10), Optional.empty(), ByteBuffer.allocate(10), new Traffic());
    HttpRangeSink.of(
        sink,
        new HttpSender.Head(
            200,
            HttpHeaders.of(
                Map.of("x-goog-stored-content-encoding", List.of("gzip")), (name, value) -> true),
            () -> {}),
        false);
    assertThatThrownBy(() -> Requests.await(sink.result()))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("stored with Content-Encoding gzip")
        .hasMessageContaining("upload it again uncompressed");
  }

  private static HttpHeaders headers(Map<String, String> values) {
    Map<String, List<String>> lists = new HashMap<>();
    values.forEach((name, value) -> lists.put(name, List.of(value)));
    return HttpHeaders.of(lists, (name, value) -> true);
  }

  private static RangeSink sink(int length) {
    return new RangeSink(
        new ByteRange(0, length), Optional.empty(), ByteBuffer.allocate(length), new Traffic());
  }

  /** A retry would be answered in the same way. */
  @Test
  void serversThatCompressAreRefused() {
    RangeSink whole = sink(10);
    HttpRangeSink.of(
        whole,
        new HttpSender.Head(
            200, headers(Map.of("Content-Encoding", "gzip", "Content-Length", "7")), () -> {}),
        false);
    assertRefused(whole);
    for (int sent : new int[] {7, 12}) {
      RangeSink part = sink(10);
      HttpRangeSink.of(
          part,
          new HttpSender.Head(
              206,
              headers(
                  Map.of(
                      "Content-Encoding",
                      "GZIP",
                      "Content-Range",
                      "bytes 0-9/100",
                      "ETag",
                      "\"a\"")),
              () -> {}),
          false);
      part.accept(ByteBuffer.allocate(sent));
      part.complete();
      assertRefused(part);
    }
  }

  /** S3 and others state encodings of uploads that are none of the body. */
  @Test
  void encodingsThatDoNotChangeLengthsAreIgnored() throws Exception {
    for (String coding : new String[] {"aws-chunked", "identity", "gzip"}) {
      RangeSink part = sink(10);
      HttpRangeSink.of(
          part,
          new HttpSender.Head(
              206,
              headers(
                  Map.of(
                      "Content-Encoding",
                      coding,
                      "Content-Range",
                      "bytes 0-9/100",
                      "ETag",
                      "\"a\"")),
              () -> {}),
          false);
      part.accept(ByteBuffer.allocate(10));
      part.complete();
      assertThat(Requests.await(part.result()).received()).isEqualTo(10);
    }
  }

  private static void assertRefused(RangeSink sink) {
    assertThatThrownBy(() -> Requests.await(sink.result()))
        .isInstanceOfSatisfying(
            RequestException.class,
            e -> assertThat(e.kind()).isEqualTo(RequestException.Kind.REFUSED))
        .hasMessageContaining("the server compresses responses (Content-Encoding gzip)");
  }
}

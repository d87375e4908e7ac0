package dev.kiln.fetch;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Feeds a {@link RangeSink} from a response of a web server. */
final class HttpRangeSink implements HttpSender.Body<Void> {
  private static final Set<String> COMPRESSIONS =
      Set.of("gzip", "x-gzip", "deflate", "br", "zstd", "compress");

  private final RangeSink sink;

  private HttpRangeSink(RangeSink sink) {
    this.sink = sink;
  }

  /**
   * Returns what takes the body of a response for a sink.
   *
   * @param sink receives the body
   * @param head of the response: status 206, or 200 if the server ignored the range
   * @param stored whether the object itself is compressed, by its name, so that servers can state
   *     that as its encoding
   */
  static HttpRangeSink of(RangeSink sink, HttpSender.Head head, boolean stored) {
    HttpHeaders headers = head.headers();
    String version = version(headers);
    String coding = headers.firstValue("Content-Encoding").orElse("").toLowerCase(Locale.ROOT);
    boolean encoded = COMPRESSIONS.contains(coding);
    if (encoded) {
      sink.encoded(coding);
    }
    if (head.status() == 206) {
      sink.begin(version, headers.firstValue("Content-Range").orElse(null));
    } else if (headers.firstValue("x-goog-stored-content-encoding").orElse("").equals("gzip")) {
      sink.fail(
          new RequestException(
              RequestException.Kind.REFUSED,
              "the object is stored with Content-Encoding gzip, so the service ignores ranges:"
                  + " upload it again uncompressed",
              null));
    } else if (encoded && !stored) {
      sink.fail(RangeSink.compressed(coding));
    } else if (headers.firstValue("Content-Length").isEmpty()) {
      sink.fail(
          new RequestException(
              RequestException.Kind.REFUSED,
              "the server ignores Range and sends no Content-Length: use a server with ranges",
              null));
    } else {
      sink.beginWhole(version, headers.firstValueAsLong("Content-Length").orElse(0));
    }
    sink.connect(head.canceller());
    return new HttpRangeSink(sink);
  }

  /** Returns what changes whenever the object does: ETag, else modification time, else size. */
  static String version(HttpHeaders headers) {
    Optional<String> tag = headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified"));
    return tag.orElseGet(
        () -> {
          String range = headers.firstValue("Content-Range").orElse("");
          return range.isEmpty()
              ? headers.firstValue("Content-Length").orElse("unknown") + " bytes"
              : range.substring(range.indexOf('/') + 1) + " bytes";
        });
  }

  @Override
  public void accept(ByteBuffer bytes) {
    sink.accept(bytes);
  }

  @Override
  public int receive(ReadableByteChannel source, int limit) throws IOException {
    return sink.receive(source, limit);
  }

  @Override
  public Void end() {
    sink.complete();
    return null;
  }
}

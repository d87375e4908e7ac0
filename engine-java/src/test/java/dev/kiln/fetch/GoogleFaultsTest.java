package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ConfigurationException;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FaultProxy;
import dev.kiln.testing.GoogleServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Google Cloud Storage under faults. */
class GoogleFaultsTest extends CloudFaults {
  @Override
  CloudServer start() throws IOException {
    return GoogleServer.start();
  }

  @Override
  Map<String, byte[]> objects() {
    return server().container("bucket");
  }

  @Override
  StoreOptions options(URI endpoint) {
    return GoogleServer.options(endpoint);
  }

  @Override
  String root() {
    return "gs://bucket";
  }

  @Override
  Codes codes() {
    return new Codes("ServerBusy", "AccessDenied", "storage.objects.create");
  }

  @Override
  boolean isThirdPart(FaultProxy.Request request) {
    return request.path().contains("partNumber=3");
  }

  @Override
  void assertDiscarded() throws InterruptedException {
    GoogleServer google = (GoogleServer) server();
    for (int i = 0; i < 100 && google.openUploads() > 0; i++) {
      Thread.sleep(20);
    }
    assertThat(google.openUploads()).isZero();
  }

  static Stream<Arguments> permanentErrors() {
    return Stream.of(
        Arguments.of(
            401, "AccessDenied", ConfigurationException.class, "the credentials have expired"),
        Arguments.of(403, "AccessDenied", AccessDeniedException.class, "storage.objects.get"),
        Arguments.of(404, "NoSuchKey", NoSuchFileException.class, "no such object in gs://bucket"),
        Arguments.of(
            400,
            "InvalidRequest",
            UnreadableObjectException.class,
            "the service responded 400 InvalidRequest"));
  }

  static Stream<Arguments> storeErrors() {
    return Stream.of("NoSuchBucket", "SignatureDoesNotMatch", "RequestTimeTooSkewed")
        .map(code -> Arguments.of(403, code, ""));
  }
}

package dev.kiln.fetch;

import dev.kiln.testing.AzureServer;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.FaultProxy;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Azure Blob Storage under faults. */
class AzureFaultsTest extends CloudFaults {
  @Override
  CloudServer start() throws IOException {
    return AzureServer.start();
  }

  @Override
  Map<String, byte[]> objects() {
    return server().container("kilntest/bucket");
  }

  @Override
  StoreOptions options(URI endpoint) {
    return AzureServer.options(endpoint);
  }

  @Override
  String root() {
    return "az://bucket";
  }

  @Override
  Codes codes() {
    return new Codes("ServerBusy", "AuthorizationFailure", "Storage Blob Data");
  }

  /** Identifiers of blocks end with the number of the part. */
  @Override
  boolean isThirdPart(FaultProxy.Request request) {
    String[] parts = request.path().split("comp=block&blockid=", 2);
    return parts.length == 2
        && new String(
                Base64.getDecoder().decode(URLDecoder.decode(parts[1], StandardCharsets.UTF_8)),
                StandardCharsets.UTF_8)
            .endsWith("-00003");
  }

  /** Blocks that no list names expire. */
  @Override
  void assertDiscarded() {}

  static Stream<Arguments> permanentErrors() {
    String denied = "AuthorizationPermissionMismatch";
    return Stream.of(
        Arguments.of(401, denied, AccessDeniedException.class, "Storage Blob Data"),
        Arguments.of(403, denied, AccessDeniedException.class, "Storage Blob Data"),
        Arguments.of(
            404, "BlobNotFound", NoSuchFileException.class, "no such object in az://bucket"),
        Arguments.of(
            400,
            "InvalidRequest",
            UnreadableObjectException.class,
            "the service responded 400 InvalidRequest"));
  }

  static Stream<Arguments> storeErrors() {
    return Stream.of("ContainerNotFound", "AuthenticationFailed", "AccountIsDisabled")
        .map(code -> Arguments.of(403, code, ""));
  }
}

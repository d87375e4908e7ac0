package dev.kiln.testing;

import dev.kiln.fetch.AccessKey;
import dev.kiln.fetch.Identity;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.RequestLimits;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * A real S3 server over HTTP on this machine, which checks signatures. The directories in its root
 * are its buckets.
 */
public final class S3Server implements AutoCloseable {
  /** The only valid credentials. */
  public static final AccessKey KEY = new AccessKey("AKIAKILNTEST", "planted-secret-access-key");

  private final Path root;
  private final S3Proxy server;

  private S3Server(Path root, S3Proxy server) {
    this.root = root;
    this.server = server;
  }

  /** Starts a server on a free port. */
  public static S3Server start(Path root) throws Exception {
    return start(root, true);
  }

  /** Starts a server without authentication. */
  public static S3Server startOpen(Path root) throws Exception {
    return start(root, false);
  }

  private static S3Server start(Path root, boolean signed) throws Exception {
    S3Proxy.Builder builder =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(root.toString()))
            .endpoint(URI.create("http://127.0.0.1:0"))
            .ignoreUnknownHeaders(true)
            .stopTimeout(0);
    if (signed) {
      builder.awsAuthentication(AuthenticationType.AWS_V4, KEY.id(), KEY.secret());
    }
    S3Proxy server = builder.build();
    server.start();
    return new S3Server(root, server);
  }

  public int port() {
    return server.getPort();
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + port());
  }

  /** Returns the directory of a bucket, which is created if necessary. */
  public Path bucket(String name) throws IOException {
    return Files.createDirectories(root.resolve(name));
  }

  /** Puts every file below a directory into a bucket, under its path. */
  public void upload(Path files, String bucket) throws IOException {
    bucket(bucket);
    try (ObjectStore store = ObjectStores.open("s3://" + bucket, options(endpoint()));
        Stream<Path> paths = Files.walk(files)) {
      for (Path file : paths.filter(Files::isRegularFile).toList()) {
        store.put(files.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
  }

  /** Returns options with this server's endpoint and key, and short pauses between attempts. */
  public static StoreOptions options(URI endpoint) {
    return new StoreOptions(
        Optional.of(endpoint),
        Optional.of("us-west-2"),
        new Identity(Identity.Signing.REQUIRED, Optional.of(KEY), true),
        new RequestLimits(8, 4, Duration.ofMillis(5), Duration.ofSeconds(20)));
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the S3 server does not stop", e);
    }
  }
}

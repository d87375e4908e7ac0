package dev.kiln.http;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS by BoringSSL, which decrypts several times faster than Java and into direct memory; by Java
 * where its library cannot be loaded. Certificates and host names are verified by Java in both.
 */
final class Tls {
  private final Optional<Path> certificates;
  private SslContext context;

  Tls(Optional<Path> certificates) {
    this.certificates = certificates;
    // Names a missing file before the first request.
    certificates.ifPresent(file -> TrustedCertificates.trustManager(certificates));
  }

  /** Returns the settings of a connection; made when the first is needed. */
  synchronized SslContext context() {
    if (context == null) {
      try {
        context =
            SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .trustManager(TrustedCertificates.trustManager(certificates))
                .endpointIdentificationAlgorithm("HTTPS")
                .build();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return context;
  }
}

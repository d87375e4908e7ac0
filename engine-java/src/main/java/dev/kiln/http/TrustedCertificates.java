package dev.kiln.http;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificate authorities that servers may have: those of the Java runtime, those of the machine,
 * where administrators add their own, and those of a PEM file.
 */
public final class TrustedCertificates {
  private static final Logger log = LoggerFactory.getLogger(TrustedCertificates.class);

  /** Where Debian, Red Hat and Alpine keep the machine's authorities. */
  private static final List<String> OF_THE_MACHINE =
      List.of(
          "/etc/ssl/certs/ca-certificates.crt",
          "/etc/pki/tls/certs/ca-bundle.crt",
          "/etc/ssl/cert.pem");

  private TrustedCertificates() {}

  /**
   * {@return a TLS context for the JDK's clients}
   *
   * @param pem more authorities
   * @throws ConfigurationException if the file contains none
   */
  public static SSLContext context(Path pem) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trustManager(Optional.of(pem))}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Returns what decides whether a server's certificate is trusted.
   *
   * @param pem more authorities; empty for none
   * @throws ConfigurationException if the file contains none
   */
  static X509TrustManager trustManager(Optional<Path> pem) {
    List<Certificate> trusted = new ArrayList<>();
    pem.ifPresent(file -> trusted.addAll(ofFile(file)));
    trusted.addAll(ofTheMachine());
    try {
      trusted.addAll(List.of(trustManager((KeyStore) null).getAcceptedIssuers()));
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate certificate : trusted) {
        store.setCertificateEntry("authority-" + store.size(), certificate);
      }
      return trustManager(store);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Collection<? extends Certificate> ofFile(Path pem) {
    try {
      Collection<? extends Certificate> read = read(pem);
      if (read.isEmpty()) {
        throw new ConfigurationException(
            "--ca-certificates " + pem + ": expected PEM certificates, found none");
      }
      return read;
    } catch (IOException | GeneralSecurityException e) {
      throw new ConfigurationException(
          "--ca-certificates " + pem + ": cannot read certificates: " + e.getMessage(), e);
    }
  }

  private static Collection<? extends Certificate> ofTheMachine() {
    String named = System.getenv().getOrDefault("SSL_CERT_FILE", "");
    Optional<Path> file =
        Stream.concat(Stream.of(named).filter(name -> !name.isEmpty()), OF_THE_MACHINE.stream())
            .map(Path::of)
            .filter(Files::isReadable)
            .findFirst();
    if (file.isEmpty()) {
      return List.of();
    }
    try {
      return read(file.get());
    } catch (IOException | GeneralSecurityException e) {
      log.warn(
          "cannot read the machine's certificates: file={} reason=\"{}\"",
          file.get(),
          e.getMessage());
      return List.of();
    }
  }

  private static Collection<? extends Certificate> read(Path pem)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(pem)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
  }

  private static X509TrustManager trustManager(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager found) {
        return found;
      }
    }
    throw new GeneralSecurityException("no X.509 trust manager");
  }
}

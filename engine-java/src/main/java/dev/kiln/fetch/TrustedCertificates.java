package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Certificate authorities of a PEM file, trusted besides those of the Java runtime. */
final class TrustedCertificates {
  private TrustedCertificates() {}

  /**
   * Returns a TLS context that trusts the authorities of a file, too.
   *
   * @param pem certificates
   * @throws ConfigurationException if the file holds none
   */
  static SSLContext context(Path pem) {
    try (InputStream in = Files.newInputStream(pem)) {
      Collection<? extends Certificate> read =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (read.isEmpty()) {
        throw new ConfigurationException(
            "--ca-certificates " + pem + ": expected PEM certificates, found none");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate : read) {
        store.setCertificateEntry("given-" + number++, certificate);
      }
      for (X509Certificate known : trustManager(null).getAcceptedIssuers()) {
        store.setCertificateEntry("known-" + number++, known);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trustManager(store)}, null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new ConfigurationException(
          "--ca-certificates " + pem + ": cannot read certificates: " + e.getMessage(), e);
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

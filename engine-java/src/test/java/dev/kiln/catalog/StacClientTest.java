package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.CloudOptions;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.RangeServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Credentials, redirects and certificates of APIs. */
@Timeout(60)
class StacClientTest {
  private static final byte[] PAGE =
      ("{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":\"i\","
              + "\"collection\":\"c\",\"properties\":{},\"assets\":{},\"links\":[]}]}")
          .getBytes(StandardCharsets.UTF_8);

  private static StoreOptions options(Optional<Path> certificates) {
    return StoreOptions.standard()
        .withCertificates(certificates)
        .withCloud(
            new CloudOptions(
                Optional.empty(),
                Optional.empty(),
                false,
                Map.of("SOURCE_BEARER_TOKEN", "planted-token", "HOME", "/nonexistent")));
  }

  private static long search(String api, StoreOptions options) throws IOException {
    return search(api, options, SourceRules.standard());
  }

  private static long search(String api, StoreOptions options, SourceRules rules)
      throws IOException {
    ItemQuery query =
        ItemQuery.builder()
            .collection(Optional.of("c"))
            .area(Optional.of(AreaOfInterest.ofBox(0, 0, 1, 1)))
            .datetime(Optional.of(DatetimeRange.parse("2023")))
            .build();
    return Catalog.open("--stac", api, options, rules).list(query, item -> "").kept();
  }

  private static byte[] landing(String links) {
    return ("{\"type\":\"Catalog\",\"id\":\"api\",\"links\":[" + links + "]}").getBytes();
  }

  @Test
  void credentialsAreSentToTheApiAndToNoOtherServer() throws IOException {
    try (RangeServer api = RangeServer.start();
        RangeServer other = RangeServer.start()) {
      api.put(
          "stac", landing("{\"rel\":\"search\",\"href\":\"/stac/search\",\"method\":\"POST\"}"));
      // A redirect keeps the search, except for one to another resource.
      api.redirect("stac/search", "http://127.0.0.1:" + other.port() + "/moved");
      byte[][] body = new byte[1][];
      other.post(
          "moved",
          bytes -> {
            body[0] = bytes;
            return PAGE;
          });
      assertThat(search(api.uri() + "/stac", options(Optional.empty()))).isEqualTo(1);
      assertThat(api.requests())
          .hasSize(2)
          .allMatch(r -> r.header("Authorization").equals("Bearer planted-token"));
      assertThat(other.requests())
          .hasSize(1)
          .allMatch(r -> r.method().equals("POST") && r.header("Authorization").isEmpty());
      assertThat(new String(body[0], StandardCharsets.UTF_8)).contains("\"collections\":[\"c\"]");
    }
  }

  @Test
  void redirectsLeadOnlyToAllowedServers() throws IOException {
    try (RangeServer api = RangeServer.start();
        RangeServer other = RangeServer.start()) {
      api.put("stac", landing("{\"rel\":\"search\",\"href\":\"/stac/search\"}"));
      api.redirect("stac/search", "http://127.0.0.1:" + other.port() + "/moved");
      other.post("moved", bytes -> PAGE);
      for (String start : List.of("/stac", "/old")) {
        api.redirect("old", "http://127.0.0.1:" + other.port() + "/moved");
        assertThatThrownBy(
                () ->
                    search(
                        api.uri() + start,
                        options(Optional.empty()),
                        new SourceRules(false, Set.of("data.example.org"))))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining(
                "refused a redirect to 127.0.0.1: allow it with --allow-host 127.0.0.1");
      }
      assertThat(other.requests()).isEmpty();
      SourceRules rules = new SourceRules(false, Set.of("127.0.0.1"));
      assertThat(search(api.uri() + "/stac", options(Optional.empty()), rules)).isEqualTo(1);
    }
  }

  @Test
  void redirectsThatDoNotEndOrLeadToFilesAreRefused() throws IOException {
    try (RangeServer api = RangeServer.start()) {
      api.redirect("stac", "/stac");
      assertThatThrownBy(() -> search(api.uri() + "/stac", options(Optional.empty())))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("found status 302");
      assertThat(api.requests()).hasSize(6);
      api.redirect("stac", "file:///etc/passwd");
      assertThatThrownBy(() -> search(api.uri() + "/stac", options(Optional.empty())))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("expected a redirect to https, found 'file:///etc/passwd'");
    }
  }

  @Test
  void anApiWithACertificateOfItsOwn(@TempDir Path directory) throws Exception {
    try (RangeServer api = RangeServer.startTls(directory)) {
      api.put("stac", landing("{\"rel\":\"search\",\"href\":\"search\"}"));
      api.post("stac/search", body -> PAGE);
      api.put("catalog.json", landing("{\"rel\":\"item\",\"href\":\"i.json\"}"));
      api.put(
          "i.json",
          new String(PAGE, StandardCharsets.UTF_8)
              .replaceFirst(".*?\\[", "")
              .replaceFirst("\\]\\}$", "")
              .getBytes());
      Optional<Path> certificate = Optional.of(directory.resolve("certificate.pem"));
      assertThat(search(api.uri() + "/stac", options(certificate))).isEqualTo(1);
      assertThat(search(api.uri() + "/catalog.json", options(certificate))).isZero();
      assertThat(api.requests()).anyMatch(r -> r.path().equals("/i.json"));
      assertThatThrownBy(() -> search(api.uri() + "/stac", options(Optional.empty())))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("certificate is not trusted")
          .hasMessageContaining("--ca-certificates FILE");
    }
  }
}

package dev.kiln.fetch;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** Authorizes requests to Azure Blob Storage by a shared access signature in the query. */
final class SasTokens implements RequestSigner {
  private static final String PLANETARY_COMPUTER =
      "https://planetarycomputer.microsoft.com/api/sas/v1/token";

  private final CachedToken token;
  private final boolean renews;

  private SasTokens(CachedToken token, boolean renews) {
    this.token = token;
    this.renews = renews;
  }

  /**
   * Returns a signer with a signature that the user gave.
   *
   * @param signature with or without a question mark at its start
   */
  static SasTokens fixed(String signature) {
    String query = signature.startsWith("?") ? signature.substring(1) : signature;
    return new SasTokens(new CachedToken(() -> new CachedToken.Token(query, Instant.MAX)), false);
  }

  /**
   * Returns a signer with signatures that Microsoft's Planetary Computer issues to anyone for
   * reading a container.
   *
   * @param account name
   * @param container name
   * @param options environment, certificates and limits
   */
  static SasTokens ofPlanetaryComputer(String account, String container, StoreOptions options) {
    TokenRequests requests = new TokenRequests(options);
    String base =
        options
            .cloud()
            .variable("PC_SDK_SAS_URL")
            .orElse(PLANETARY_COMPUTER)
            .replaceFirst("/+$", "");
    Optional<String> key = options.cloud().variable("PC_SDK_SUBSCRIPTION_KEY");
    String what = "Planetary Computer, signature for " + container + "@" + account;
    return new SasTokens(
        new CachedToken(
            () -> {
              JsonNode response =
                  requests.get(
                      what,
                      TokenRequests.url(what, base + "/" + account + "/" + container),
                      key.map(value -> Map.of("Ocp-Apim-Subscription-Key", value))
                          .orElse(Map.of()));
              String signature = response.path("token").asString("");
              if (signature.isEmpty()) {
                throw new RequestException(
                    RequestException.Kind.CONFIGURATION,
                    what + ": expected a token, found none",
                    null);
              }
              return new CachedToken.Token(
                  signature, expiry(response.path("msft:expiry").asString("")));
            }),
        true);
  }

  private static Instant expiry(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return Instant.now().plusSeconds(600);
    }
  }

  @Override
  public HttpCall sign(HttpCall call) throws RequestException {
    URI url = call.url();
    String text = url.toString();
    try {
      return call.to(new URI(text + (url.getRawQuery() == null ? "?" : "&") + token.value()));
    } catch (URISyntaxException e) {
      // Without the cause, whose message holds the signature.
      throw new RequestException(
          RequestException.Kind.CONFIGURATION,
          "expected a shared access signature (sv=…&sig=…), found other text",
          null);
    }
  }

  @Override
  public boolean renews() {
    return renews;
  }

  @Override
  public void renew() {
    token.discard();
  }
}

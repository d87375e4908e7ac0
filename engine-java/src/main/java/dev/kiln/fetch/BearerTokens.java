package dev.kiln.fetch;

/** Authorizes requests by OAuth tokens. */
final class BearerTokens implements RequestSigner {
  private final CachedToken token;
  private final boolean renews;

  private BearerTokens(CachedToken token, boolean renews) {
    this.token = token;
    this.renews = renews;
  }

  /** Returns a signer with a token that the user gave. */
  static BearerTokens fixed(String value) {
    return new BearerTokens(
        new CachedToken(() -> new CachedToken.Token(value, java.time.Instant.MAX)), false);
  }

  /** Returns a signer with tokens of a source. */
  static BearerTokens of(CachedToken.Source source) {
    return new BearerTokens(new CachedToken(source), true);
  }

  @Override
  public HttpCall sign(HttpCall call) throws RequestException {
    return call.with("Authorization", "Bearer " + token.value());
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

package dev.kiln.fetch;

/** Adds credentials to requests. Safe for use by several threads. */
interface RequestSigner {
  /** Leaves requests as they are. */
  RequestSigner ANONYMOUS =
      new RequestSigner() {
        @Override
        public HttpCall sign(HttpCall call) {
          return call;
        }

        @Override
        public String toString() {
          return "anonymous";
        }
      };

  /**
   * Adds credentials to a request.
   *
   * @throws RequestException if credentials cannot be obtained
   */
  HttpCall sign(HttpCall call) throws RequestException;

  /** Returns whether credentials that were refused as expired can be replaced by new ones. */
  default boolean renews() {
    return false;
  }

  /** Discards credentials that were refused as expired, so that the next request gets new ones. */
  default void renew() {}
}

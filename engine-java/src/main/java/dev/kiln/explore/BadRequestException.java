package dev.kiln.explore;

/** A request that cannot be answered as the page wishes. The message is one line. */
final class BadRequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  BadRequestException(String message) {
    this(400, message);
  }

  /**
   * Creates an error.
   *
   * @param status of the response: 400 to 499, or 503 if the same request can succeed later
   */
  BadRequestException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}

package dev.kiln.fetch;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Waits for asynchronous requests. */
final class Requests {
  private Requests() {}

  /** A request and the wait for its response. */
  interface Call<T> {
    /** Performs both. */
    T send() throws RequestException, InterruptedException;
  }

  /**
   * Waits for a response; an interrupt cancels the request.
   *
   * @param response of a request with retries
   */
  static <T> T await(CompletableFuture<T> response) throws RequestException, InterruptedException {
    try {
      return response.get();
    } catch (InterruptedException e) {
      response.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RequestException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Performs a request in a method that cannot be interrupted otherwise.
   *
   * @param uri of the object or store, for messages
   * @param call the request
   * @throws IOException if it failed or was interrupted
   */
  static <T> T send(String uri, Call<T> call) throws IOException {
    try {
      return call.send();
    } catch (RequestException e) {
      throw e.toIoException(uri);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(uri + ": interrupted");
    }
  }
}

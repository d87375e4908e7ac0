package dev.kiln.fetch;

import dev.kiln.http.HttpClient;
import dev.kiln.http.HttpRequest;
import dev.kiln.http.HttpResponse;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;

/** Sends the requests of the AWS SDK with Kiln's HTTP client. */
final class S3Transport implements SdkAsyncHttpClient {
  private final HttpClient client;

  /**
   * Creates a transport.
   *
   * @param client closed with the transport
   */
  S3Transport(HttpClient client) {
    this.client = client;
  }

  @Override
  public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    SdkAsyncHttpResponseHandler handler = request.responseHandler();
    List<ByteBuffer> body = new ArrayList<>();
    request
        .requestContentPublisher()
        .subscribe(
            new Subscriber<>() {
              @Override
              public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
              }

              @Override
              public void onNext(ByteBuffer bytes) {
                body.add(bytes);
              }

              @Override
              public void onError(Throwable thrown) {
                handler.onError(thrown);
                result.completeExceptionally(thrown);
              }

              @Override
              public void onComplete() {
                send(request.request(), body, handler, result);
              }
            });
    return result;
  }

  private void send(
      SdkHttpRequest request,
      List<ByteBuffer> body,
      SdkAsyncHttpResponseHandler handler,
      CompletableFuture<Void> result) {
    Response response = new Response(handler, () -> result.cancel(true));
    CompletableFuture<Void> sent =
        client.send(
            new HttpRequest(request.method().name(), request.getUri(), request.headers(), body),
            response);
    result.whenComplete(
        (done, thrown) -> {
          if (thrown != null) {
            sent.cancel(true);
          }
        });
    sent.whenComplete(
        (done, thrown) -> {
          if (thrown == null) {
            response.body.end();
            result.complete(null);
          } else {
            response.body.fail(thrown);
            handler.onError(thrown);
            result.completeExceptionally(thrown);
          }
        });
  }

  @Override
  public String clientName() {
    return "kiln";
  }

  @Override
  public void close() {
    client.close();
  }

  /** Hands a response to the SDK. */
  private static final class Response implements HttpResponse {
    private final SdkAsyncHttpResponseHandler handler;
    private final Body body;

    Response(SdkAsyncHttpResponseHandler handler, Runnable canceller) {
      this.handler = handler;
      this.body = new Body(canceller);
    }

    @Override
    public void begin(int status, HttpHeaders headers) {
      handler.onHeaders(
          SdkHttpFullResponse.builder().statusCode(status).headers(headers.map()).build());
      handler.onStream(body);
    }

    @Override
    public void accept(ByteBuffer bytes) {
      body.next(bytes);
    }
  }

  /** The body of a response. Bytes that the subscriber has not requested yet are copied. */
  private static final class Body implements Publisher<ByteBuffer>, Subscription {
    private final Runnable canceller;
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
    private Subscriber<? super ByteBuffer> subscriber;
    private long requested;
    private boolean ended;
    private Throwable failure;
    private boolean finished;

    Body(Runnable canceller) {
      this.canceller = canceller;
    }

    @Override
    public synchronized void subscribe(Subscriber<? super ByteBuffer> newSubscriber) {
      subscriber = newSubscriber;
      newSubscriber.onSubscribe(this);
    }

    @Override
    public synchronized void request(long count) {
      requested = requested + count < 0 ? Long.MAX_VALUE : requested + count;
      deliver();
    }

    @Override
    public synchronized void cancel() {
      finished = true;
      waiting.clear();
      canceller.run();
    }

    synchronized void next(ByteBuffer bytes) {
      if (finished) {
        return;
      }
      if (waiting.isEmpty() && requested > 0) {
        requested--;
        subscriber.onNext(bytes);
      } else {
        waiting.add(ByteBuffer.allocate(bytes.remaining()).put(bytes).flip());
      }
    }

    synchronized void end() {
      ended = true;
      deliver();
    }

    synchronized void fail(Throwable thrown) {
      failure = thrown;
      ended = true;
      deliver();
    }

    private void deliver() {
      while (!finished && requested > 0 && !waiting.isEmpty()) {
        requested--;
        subscriber.onNext(waiting.remove());
      }
      if (ended && !finished && waiting.isEmpty() && subscriber != null) {
        finished = true;
        if (failure == null) {
          subscriber.onComplete();
        } else {
          subscriber.onError(failure);
        }
      }
    }
  }
}

package dev.kiln.fetch;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** Feeds a {@link RangeSink} from a response of the AWS SDK. */
final class S3RangeSink
    implements AsyncResponseTransformer<GetObjectResponse, RangeSink>, Subscriber<ByteBuffer> {
  private final RangeSink sink;

  /**
   * Creates a transformer for one response.
   *
   * @param sink receives the body
   */
  S3RangeSink(RangeSink sink) {
    this.sink = sink;
  }

  @Override
  public CompletableFuture<RangeSink> prepare() {
    return sink.result();
  }

  @Override
  public void onResponse(GetObjectResponse response) {
    sink.begin(response.eTag(), response.contentRange());
  }

  @Override
  public void onStream(SdkPublisher<ByteBuffer> publisher) {
    publisher.subscribe(this);
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    if (sink.connect(subscription::cancel)) {
      subscription.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(ByteBuffer bytes) {
    sink.accept(bytes);
  }

  @Override
  public void onComplete() {
    sink.complete();
  }

  @Override
  public void onError(Throwable thrown) {
    sink.fail(thrown);
  }

  @Override
  public void exceptionOccurred(Throwable thrown) {
    sink.fail(thrown);
  }
}

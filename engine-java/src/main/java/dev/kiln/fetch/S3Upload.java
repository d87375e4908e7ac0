package dev.kiln.fetch;

import dev.kiln.error.Mismatch;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.zip.CRC32C;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

/**
 * Writes whole objects. Every request carries the CRC-32C of its bytes, which the service verifies
 * before it accepts them. Large objects are uploaded in parts that become the object at the end.
 */
final class S3Upload implements Uploads {
  private final S3Requests requests;
  private final String bucket;

  S3Upload(S3Requests requests, String bucket) {
    this.requests = requests;
    this.bucket = bucket;
  }

  @Override
  public void putAtOnce(String key, byte[] bytes) throws RequestException, InterruptedException {
    PutObjectRequest request =
        PutObjectRequest.builder()
            .bucket(bucket)
            .key(key)
            .contentType(Uploads.contentType(key))
            .checksumCRC32C(checksum(ByteBuffer.wrap(bytes)))
            .requestPayer(requests.payer())
            .build();
    requests.request(
        "put of " + key,
        s3 ->
            confirmed(
                s3.putObject(request, AsyncRequestBody.fromBytesUnsafe(bytes)),
                PutObjectResponse::eTag));
  }

  @Override
  public S3Multipart start(String key) throws RequestException, InterruptedException {
    return S3Multipart.start(requests, bucket, key);
  }

  @Override
  public void sent(long bytes) {
    requests.traffic().written(bytes);
  }

  /**
   * Fails if the service did not confirm that it stored the bytes. Some services and proxies report
   * an error with status 200 and no ETag.
   */
  static <T> CompletableFuture<T> confirmed(CompletableFuture<T> sent, Function<T, String> etag) {
    CompletableFuture<T> result = new CompletableFuture<>();
    result.whenComplete(
        (value, thrown) -> {
          if (result.isCancelled()) {
            sent.cancel(true);
          }
        });
    sent.whenComplete(
        (value, thrown) -> {
          if (thrown != null) {
            result.completeExceptionally(thrown);
          } else if (etag.apply(value) == null || etag.apply(value).isEmpty()) {
            result.completeExceptionally(
                new RequestException(
                    RequestException.Kind.TRANSIENT,
                    "the service did not confirm the write: "
                        + Mismatch.of("an ETag", "a success without one"),
                    null));
          } else {
            result.complete(value);
          }
        });
    return result;
  }

  /** Returns the CRC-32C in the form of the x-amz-checksum-crc32c header. */
  static String checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}

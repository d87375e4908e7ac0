package dev.kiln.fetch;

import dev.kiln.error.Mismatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Writes whole objects. Every request carries the CRC-32C of its bytes, which the service verifies
 * before it accepts them. Large objects are uploaded in parts that become the object at the end.
 */
final class S3Upload {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);
  static final int LARGE_BYTES = 32 << 20;
  private static final int PART_BYTES = 8 << 20;

  private final S3Requests requests;
  private final String bucket;

  S3Upload(S3Requests requests, String bucket) {
    this.requests = requests;
    this.bucket = bucket;
  }

  void put(String key, byte[] bytes) throws RequestException, InterruptedException {
    if (bytes.length > LARGE_BYTES) {
      putInParts(key, bytes);
    } else {
      PutObjectRequest request =
          PutObjectRequest.builder()
              .bucket(bucket)
              .key(key)
              .contentType(contentType(key))
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
    requests.traffic().written(bytes.length);
  }

  private void putInParts(String key, byte[] bytes) throws RequestException, InterruptedException {
    CreateMultipartUploadRequest create =
        CreateMultipartUploadRequest.builder()
            .bucket(bucket)
            .key(key)
            .contentType(contentType(key))
            .checksumAlgorithm(ChecksumAlgorithm.CRC32_C)
            .requestPayer(requests.payer())
            .build();
    String id =
        requests.request("put of " + key, s3 -> s3.createMultipartUpload(create)).uploadId();
    List<CompletableFuture<UploadPartResponse>> parts = new ArrayList<>();
    try {
      List<CompletedPart> completed = new ArrayList<>();
      for (int at = 0; at < bytes.length; at += PART_BYTES) {
        ByteBuffer part = ByteBuffer.wrap(bytes, at, Math.min(PART_BYTES, bytes.length - at));
        parts.add(part(key, id, parts.size() + 1, part));
      }
      for (CompletableFuture<UploadPartResponse> part : parts) {
        UploadPartResponse answer = Requests.await(part);
        completed.add(
            CompletedPart.builder()
                .partNumber(completed.size() + 1)
                .eTag(answer.eTag())
                .checksumCRC32C(answer.checksumCRC32C())
                .build());
      }
      CompleteMultipartUploadRequest complete =
          CompleteMultipartUploadRequest.builder()
              .bucket(bucket)
              .key(key)
              .uploadId(id)
              .multipartUpload(all -> all.parts(completed))
              .requestPayer(requests.payer())
              .build();
      requests.request(
          "put of " + key,
          s3 ->
              confirmed(
                  s3.completeMultipartUpload(complete), CompleteMultipartUploadResponse::eTag));
    } catch (RequestException | InterruptedException | RuntimeException e) {
      parts.forEach(part -> part.cancel(true));
      abort(key, id);
      throw e;
    }
  }

  private CompletableFuture<UploadPartResponse> part(
      String key, String id, int number, ByteBuffer bytes) {
    UploadPartRequest request =
        UploadPartRequest.builder()
            .bucket(bucket)
            .key(key)
            .uploadId(id)
            .partNumber(number)
            .checksumCRC32C(checksum(bytes.duplicate()))
            .requestPayer(requests.payer())
            .build();
    return requests.send(
        "put of " + key + ", part " + number,
        s3 ->
            confirmed(
                s3.uploadPart(
                    request, AsyncRequestBody.fromRemainingByteBufferUnsafe(bytes.duplicate())),
                UploadPartResponse::eTag));
  }

  /**
   * Fails if the service did not confirm that it stored the bytes. Some services and proxies report
   * an error with status 200 and no ETag.
   */
  private static <T> CompletableFuture<T> confirmed(
      CompletableFuture<T> sent, Function<T, String> etag) {
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

  /** Parts that are left behind cost money until a lifecycle rule of the bucket removes them. */
  private void abort(String key, String id) {
    AbortMultipartUploadRequest request =
        AbortMultipartUploadRequest.builder()
            .bucket(bucket)
            .key(key)
            .uploadId(id)
            .requestPayer(requests.payer())
            .build();
    requests
        .send("abort of " + key, s3 -> s3.abortMultipartUpload(request))
        .whenComplete(
            (done, thrown) -> {
              if (thrown != null) {
                log.warn("s3://{}/{}: parts of upload {} are left in the bucket", bucket, key, id);
              }
            });
  }

  /** Returns the CRC-32C in the form of the x-amz-checksum-crc32c header. */
  private static String checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }

  private static String contentType(String key) {
    return key.endsWith(".parquet")
        ? "application/vnd.apache.parquet"
        : key.endsWith(".json") ? "application/json" : "application/octet-stream";
  }
}

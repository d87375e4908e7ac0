package dev.kiln.fetch;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * An object that is uploaded in parts, which become the object at the end. The service verifies the
 * CRC-32C of each part. Used by one thread at a time.
 */
final class S3Multipart implements Uploads.Parts {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private final S3Requests requests;
  private final String bucket;
  private final String key;
  private final String id;
  private final List<CompletableFuture<UploadPartResponse>> parts = new ArrayList<>();

  /** Starts an upload. */
  S3Multipart(S3Requests requests, String bucket, String key)
      throws RequestException, InterruptedException {
    this.requests = requests;
    this.bucket = bucket;
    this.key = key;
    CreateMultipartUploadRequest create =
        CreateMultipartUploadRequest.builder()
            .bucket(bucket)
            .key(key)
            .contentType(Uploads.contentType(key))
            .checksumAlgorithm(ChecksumAlgorithm.CRC32_C)
            .requestPayer(requests.payer())
            .build();
    this.id = requests.request("put of " + key, s3 -> s3.createMultipartUpload(create)).uploadId();
  }

  @Override
  public void add(ByteBuffer bytes) throws RequestException, InterruptedException {
    if (parts.size() >= Uploads.IN_FLIGHT) {
      Requests.await(parts.get(parts.size() - Uploads.IN_FLIGHT));
    }
    UploadPartRequest request =
        UploadPartRequest.builder()
            .bucket(bucket)
            .key(key)
            .uploadId(id)
            .partNumber(parts.size() + 1)
            .checksumCRC32C(S3Upload.checksum(bytes.duplicate()))
            .requestPayer(requests.payer())
            .build();
    parts.add(
        requests.send(
            "put of " + key + ", part " + (parts.size() + 1),
            s3 ->
                S3Upload.confirmed(
                    s3.uploadPart(
                        request, AsyncRequestBody.fromRemainingByteBufferUnsafe(bytes.duplicate())),
                    UploadPartResponse::eTag)));
  }

  @Override
  public void complete() throws RequestException, InterruptedException {
    List<CompletedPart> completed = new ArrayList<>();
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
            S3Upload.confirmed(
                s3.completeMultipartUpload(complete), CompleteMultipartUploadResponse::eTag));
  }

  /** Gives up. Parts that are left behind cost money until a lifecycle rule removes them. */
  @Override
  public void abort() {
    parts.forEach(part -> part.cancel(true));
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
}

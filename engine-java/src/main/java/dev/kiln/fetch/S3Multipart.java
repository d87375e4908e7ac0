package dev.kiln.fetch;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * An object that is uploaded in parts, which become the object at the end. The service verifies the
 * CRC-32C of each part. Used by one thread at a time.
 */
final class S3Multipart extends PartsInFlight<UploadPartResponse> {
  private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

  private final S3Requests requests;
  private final String bucket;
  private final String key;
  private final String id;

  private S3Multipart(
      S3Requests requests, String bucket, String key, CreateMultipartUploadResponse created) {
    super(created.sdkHttpResponse().firstMatchingHeader("Date"));
    this.requests = requests;
    this.bucket = bucket;
    this.key = key;
    this.id = created.uploadId();
  }

  /** Starts an upload. */
  static S3Multipart start(S3Requests requests, String bucket, String key)
      throws RequestException, InterruptedException {
    CreateMultipartUploadRequest create =
        CreateMultipartUploadRequest.builder()
            .bucket(bucket)
            .key(key)
            .contentType(Uploads.contentType(key))
            .checksumAlgorithm(ChecksumAlgorithm.CRC32_C)
            .requestPayer(requests.payer())
            .build();
    return new S3Multipart(
        requests,
        bucket,
        key,
        requests.request("put of " + key, s3 -> s3.createMultipartUpload(create)));
  }

  @Override
  CompletableFuture<UploadPartResponse> send(int number, ByteBuffer part) {
    UploadPartRequest request =
        UploadPartRequest.builder()
            .bucket(bucket)
            .key(key)
            .uploadId(id)
            .partNumber(number)
            .checksumCRC32C(S3Upload.checksum(part.duplicate()))
            .requestPayer(requests.payer())
            .build();
    return requests.send(
        "put of " + key + ", part " + number,
        s3 ->
            S3Upload.confirmed(
                s3.uploadPart(
                    request, AsyncRequestBody.fromRemainingByteBufferUnsafe(part.duplicate())),
                UploadPartResponse::eTag));
  }

  @Override
  void join(List<UploadPartResponse> responses) throws RequestException, InterruptedException {
    List<CompletedPart> completed = new ArrayList<>();
    for (UploadPartResponse response : responses) {
      completed.add(
          CompletedPart.builder()
              .partNumber(completed.size() + 1)
              .eTag(response.eTag())
              .checksumCRC32C(response.checksumCRC32C())
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

  @Override
  Optional<Stored> stored() throws RequestException, InterruptedException {
    HeadObjectRequest request =
        HeadObjectRequest.builder().bucket(bucket).key(key).requestPayer(requests.payer()).build();
    try {
      HeadObjectResponse head = requests.request("head of " + key, s3 -> s3.headObject(request));
      return Optional.of(new Stored(head.contentLength(), head.lastModified()));
    } catch (RequestException e) {
      if (e.kind() == RequestException.Kind.MISSING) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Aborts the upload. Parts that are left cost money until a lifecycle rule removes them. */
  @Override
  void discard() {
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
                log.warn(
                    "parts of an upload are left in the bucket: object=s3://{}/{} upload={}"
                        + " reason=\"{}\"; a lifecycle rule should remove them",
                    bucket,
                    key,
                    id,
                    thrown.getMessage());
              }
            });
  }
}

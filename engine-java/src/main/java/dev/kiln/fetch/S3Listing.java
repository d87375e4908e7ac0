package dev.kiln.fetch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Queries which objects a bucket holds. */
final class S3Listing implements KeyQuery.Listing {
  /** Most keys in one S3 response. */
  private static final int PAGE = 1000;

  private final S3Requests requests;
  private final String bucket;
  private final int page;

  S3Listing(S3Requests requests, String bucket) {
    this(requests, bucket, PAGE);
  }

  /**
   * Creates a listing.
   *
   * @param page most keys in one response
   */
  S3Listing(S3Requests requests, String bucket, int page) {
    this.requests = requests;
    this.bucket = bucket;
    this.page = page;
  }

  /** Returns those of the keys whose objects exist. */
  Set<String> existing(Collection<String> keys) throws RequestException, InterruptedException {
    return KeyQuery.existing(keys, this);
  }

  @Override
  public KeyQuery.Page after(String after, String prefix)
      throws RequestException, InterruptedException {
    ListObjectsV2Request request =
        ListObjectsV2Request.builder()
            .bucket(bucket)
            .prefix(prefix)
            .maxKeys(page)
            .startAfter(after)
            .requestPayer(requests.payer())
            .build();
    ListObjectsV2Response response =
        requests.request("list from " + after, s3 -> s3.listObjectsV2(request));
    return new KeyQuery.Page(
        response.contents().stream().map(S3Object::key).toList(),
        Boolean.TRUE.equals(response.isTruncated()));
  }

  @Override
  public boolean exists(String key) throws RequestException, InterruptedException {
    HeadObjectRequest request =
        HeadObjectRequest.builder().bucket(bucket).key(key).requestPayer(requests.payer()).build();
    try {
      requests.request("head of " + key, s3 -> s3.headObject(request));
      return true;
    } catch (RequestException e) {
      if (e.kind() == RequestException.Kind.MISSING) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Returns the names of objects and directories directly below a prefix that ends with a slash or
   * is empty.
   */
  List<String> names(String prefix) throws RequestException, InterruptedException {
    List<String> names = new ArrayList<>();
    String next = null;
    do {
      ListObjectsV2Request request =
          ListObjectsV2Request.builder()
              .bucket(bucket)
              .prefix(prefix)
              .delimiter("/")
              .maxKeys(page)
              .continuationToken(next)
              .requestPayer(requests.payer())
              .build();
      ListObjectsV2Response page =
          requests.request("list of " + prefix, s3 -> s3.listObjectsV2(request));
      for (CommonPrefix directory : page.commonPrefixes()) {
        String path = directory.prefix();
        names.add(path.substring(prefix.length(), path.length() - 1));
      }
      for (S3Object object : page.contents()) {
        names.add(object.key().substring(prefix.length()));
      }
      next = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
    } while (next != null);
    names.removeIf(String::isEmpty);
    return names;
  }
}

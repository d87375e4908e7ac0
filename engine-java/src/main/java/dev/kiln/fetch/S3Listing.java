package dev.kiln.fetch;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Queries which objects a bucket holds. */
final class S3Listing {
  /** The order of keys in S3 listings. */
  private static final Comparator<String> BY_BYTES =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  /** Up to this number, keys are queried one by one, because these requests are cheaper. */
  private static final int FEW = 2;

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

  /**
   * Returns those of the keys whose objects exist. A list request decides every key up to the last
   * one it returns; the next starts at the first undecided key, so there are never more requests
   * than keys, and usually one for the keys of a shard.
   */
  Set<String> existing(Collection<String> keys) throws RequestException, InterruptedException {
    NavigableSet<String> open = new TreeSet<>(BY_BYTES);
    open.addAll(keys);
    Set<String> found = new HashSet<>();
    while (!open.isEmpty()) {
      if (open.size() <= FEW) {
        String key = open.pollFirst();
        if (exists(key)) {
          found.add(key);
        }
        continue;
      }
      ListObjectsV2Response page = listFrom(open.first(), commonPrefix(open));
      String last = null;
      for (S3Object object : page.contents()) {
        last = object.key();
        if (open.contains(last)) {
          found.add(last);
        }
      }
      if (last == null || !Boolean.TRUE.equals(page.isTruncated())) {
        return found;
      }
      if (BY_BYTES.compare(last, open.first()) < 0) {
        // A page full of other keys: the next key is found faster by a request of its own.
        last = open.first();
        if (exists(last)) {
          found.add(last);
        }
      }
      open = new TreeSet<>(open.tailSet(last, false));
    }
    return found;
  }

  private ListObjectsV2Response listFrom(String key, String prefix)
      throws RequestException, InterruptedException {
    ListObjectsV2Request request =
        ListObjectsV2Request.builder()
            .bucket(bucket)
            .prefix(prefix)
            .maxKeys(page)
            // startAfter is exclusive, so a prefix of the key.
            .startAfter(key.substring(0, key.length() - 1))
            .requestPayer(requests.payer())
            .build();
    return requests.request("list from " + key, s3 -> s3.listObjectsV2(request));
  }

  private static String commonPrefix(NavigableSet<String> keys) {
    String first = keys.first();
    String last = keys.last();
    int n = 0;
    while (n < Math.min(first.length(), last.length()) && first.charAt(n) == last.charAt(n)) {
      n++;
    }
    return first.substring(0, first.lastIndexOf('/', n - 1) + 1);
  }

  private boolean exists(String key) throws RequestException, InterruptedException {
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

package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An object of an archive.
 *
 * @param bucket the S3 bucket it was said to lie in; empty when it was named relative to its source
 * @param key its key in that bucket, or in the source, without a leading slash
 */
public record ObjectRef(Optional<String> bucket, String key) {
  private static final Pattern VIRTUAL_HOST =
      Pattern.compile("(.+)\\.s3(?:[.-][a-z0-9-]+)*\\.amazonaws\\.com(?:\\.cn)?");
  private static final Pattern PATH_HOST =
      Pattern.compile("s3(?:[.-][a-z0-9-]+)*\\.amazonaws\\.com(?:\\.cn)?");

  /** An object named by its key alone. */
  public static ObjectRef inSource(String key) {
    return new ObjectRef(Optional.empty(), key);
  }

  /**
   * Reads an S3 location: {@code s3://BUCKET/KEY}, {@code
   * https://BUCKET.s3.REGION.amazonaws.com/KEY} or {@code
   * https://s3.REGION.amazonaws.com/BUCKET/KEY}.
   *
   * @return empty if the text is none of these
   */
  public static Optional<ObjectRef> ofS3(String href) {
    if (href.startsWith("s3://")) {
      return split(href.substring("s3://".length()));
    }
    if (!href.startsWith("https://") && !href.startsWith("http://")) {
      return Optional.empty();
    }
    int hostAt = href.indexOf("://") + 3;
    int pathAt = href.indexOf('/', hostAt);
    if (pathAt < 0) {
      return Optional.empty();
    }
    String host = href.substring(hostAt, pathAt);
    String path = decode(withoutQuery(href.substring(pathAt + 1)));
    if (PATH_HOST.matcher(host).matches()) {
      return split(path);
    }
    Matcher virtual = VIRTUAL_HOST.matcher(host);
    return virtual.matches() && !path.isEmpty()
        ? Optional.of(new ObjectRef(Optional.of(virtual.group(1)), path))
        : Optional.empty();
  }

  /**
   * Resolves a href of a STAC item: an S3 location, or a path relative to the item.
   *
   * @param itemKey the item's key in its source
   * @throws SceneException (permanent) if it lies on some other server or climbs out of the source
   */
  public static ObjectRef resolve(String itemKey, String href) throws SceneException {
    Optional<ObjectRef> inS3 = ofS3(href);
    if (inS3.isPresent()) {
      return inS3.get();
    }
    if (href.isEmpty() || href.startsWith("/") || URI_SCHEME.matcher(href).lookingAt()) {
      throw SceneException.permanent(
          itemKey,
          "href '"
              + href
              + "' is neither in an S3 bucket nor relative to the item: copy the asset"
              + " beside the item and name it there");
    }
    Deque<String> path = new ArrayDeque<>();
    int folder = itemKey.lastIndexOf('/');
    String joined = folder < 0 ? href : itemKey.substring(0, folder + 1) + href;
    for (String part : joined.split("/")) {
      if (part.equals("..")) {
        if (path.pollLast() == null) {
          throw SceneException.permanent(itemKey, "href '" + href + "' leads out of the source");
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        path.addLast(part);
      }
    }
    return inSource(String.join("/", path));
  }

  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  private static Optional<ObjectRef> split(String bucketAndKey) {
    int slash = bucketAndKey.indexOf('/');
    return slash < 1 || slash == bucketAndKey.length() - 1
        ? Optional.empty()
        : Optional.of(
            new ObjectRef(
                Optional.of(bucketAndKey.substring(0, slash)), bucketAndKey.substring(slash + 1)));
  }

  private static String withoutQuery(String path) {
    int query = path.indexOf('?');
    return query < 0 ? path : path.substring(0, query);
  }

  private static String decode(String path) {
    // A plus sign is itself in a URL path, and a space only in a form.
    return path.indexOf('%') < 0
        ? path
        : URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** {@code s3://BUCKET/KEY}, or the key alone. */
  @Override
  public String toString() {
    return bucket.map(name -> "s3://" + name + "/" + key).orElse(key);
  }
}

package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The location of an object: a bucket or host, and a key. Objects are the same only if both are
 * equal.
 *
 * @param root {@code s3://BUCKET}, {@code gs://BUCKET}, {@code az://CONTAINER[@ACCOUNT]}, {@code
 *     https://HOST[:PORT]} or {@code file://}; empty for an object that is named relative to its
 *     source
 * @param key in that bucket or source, without a leading slash; the path and query of a URL; an
 *     absolute path for {@code file://}
 */
public record ObjectRef(String root, String key) {
  private static final String S3 = "s3://";
  private static final String FILE = "file://";
  private static final int MAX_HREF = 4096;
  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");
  private static final Pattern VIRTUAL_HOST =
      Pattern.compile("(.+)\\.s3(?:[.-][a-z0-9-]+)*\\.amazonaws\\.com(?:\\.cn)?");
  private static final Pattern PATH_HOST =
      Pattern.compile("s3(?:[.-][a-z0-9-]+)*\\.amazonaws\\.com(?:\\.cn)?");
  private static final Pattern GOOGLE_HOST =
      Pattern.compile("(?:([a-z0-9][a-z0-9._-]+)\\.)?storage\\.googleapis\\.com");
  private static final Pattern AZURE_HOST =
      Pattern.compile("([a-z0-9]{3,24})\\.blob\\.core\\.windows\\.net");
  private static final Pattern BUCKET_URI =
      Pattern.compile("(?i)(?:(s3|gs|az|abfss?)://|/vsi(s3|gs|az)/)(.*)", Pattern.DOTALL);
  private static final Pattern WEB = Pattern.compile("(?i)(https?://[^/?#]+)/?([^#]*)(?:#.*)?");
  private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");

  /**
   * Returns an object of the source, named by its key alone.
   *
   * @param key in the source
   * @return its location, with an empty root
   */
  public static ObjectRef inSource(String key) {
    return new ObjectRef("", key);
  }

  /**
   * Parses an S3 location: {@code s3://BUCKET/KEY}, {@code /vsis3/BUCKET/KEY}, {@code
   * https://BUCKET.s3.REGION.amazonaws.com/KEY} or {@code
   * https://s3.REGION.amazonaws.com/BUCKET/KEY}.
   *
   * @param href any text
   * @return the location; empty if the text is none of these, or its key leads out of the bucket
   */
  public static Optional<ObjectRef> ofS3(String href) {
    if (href.startsWith(S3)) {
      return bucketAndKey(S3, href.substring(S3.length()));
    }
    if (href.startsWith("/vsis3/")) {
      return bucketAndKey(S3, href.substring("/vsis3/".length()));
    }
    Matcher web = WEB.matcher(href);
    if (!web.matches() || BAD_ESCAPE.matcher(href).find()) {
      return Optional.empty();
    }
    String host = web.group(1).substring(web.group(1).indexOf("://") + 3);
    String path = decode(web.group(2).replaceFirst("\\?.*", ""));
    if (PATH_HOST.matcher(host).matches()) {
      return bucketAndKey(S3, path);
    }
    Matcher virtual = VIRTUAL_HOST.matcher(host);
    return virtual.matches() ? bucketAndKey(S3, virtual.group(1) + "/" + path) : Optional.empty();
  }

  /**
   * Parses the location of an object in a bucket: as for {@link #ofS3}, or of Google Cloud Storage
   * ({@code gs://BUCKET/KEY}, {@code /vsigs/BUCKET/KEY}, {@code
   * https://storage.googleapis.com/BUCKET/KEY}) or Azure Blob Storage ({@code
   * az://CONTAINER[@ACCOUNT]/KEY}, {@code abfss://…}, {@code /vsiaz/CONTAINER/KEY}, {@code
   * https://ACCOUNT.blob.core.windows.net/CONTAINER/KEY}). A URL with a query is signed, and is the
   * location on a web server.
   *
   * @param href any text
   * @return the location; empty if the text is none of these, or its key leads out of the bucket
   */
  public static Optional<ObjectRef> ofBucket(String href) {
    Optional<ObjectRef> inS3 = ofS3(href);
    if (inS3.isPresent()) {
      return inS3;
    }
    Matcher bucket = BUCKET_URI.matcher(href);
    if (bucket.matches()) {
      String scheme = bucket.group(1) == null ? bucket.group(2) : bucket.group(1);
      String lower = scheme.toLowerCase(Locale.ROOT);
      String text = bucket.group(3);
      return lower.startsWith("abfs")
          // The host of Data Lake Storage begins with the account.
          ? bucketAndKey("az://", text.replaceFirst("^([^/@]+@[^/.]+)\\.[^/]*", "$1"))
          : bucketAndKey(lower + "://", text);
    }
    Matcher web = WEB.matcher(href);
    if (!web.matches() || BAD_ESCAPE.matcher(href).find() || web.group(2).indexOf('?') >= 0) {
      return Optional.empty();
    }
    String host = web.group(1).substring(web.group(1).indexOf("://") + 3).toLowerCase(Locale.ROOT);
    String path = decode(web.group(2));
    Matcher google = GOOGLE_HOST.matcher(host);
    if (google.matches()) {
      return bucketAndKey("gs://", google.group(1) == null ? path : google.group(1) + "/" + path);
    }
    Matcher azure = AZURE_HOST.matcher(host);
    return azure.matches()
        ? bucketAndKey("az://", path.replaceFirst("^([^/]+)", "$1@" + azure.group(1)))
        : Optional.empty();
  }

  private static Optional<ObjectRef> bucketAndKey(String scheme, String text) {
    int slash = text.indexOf('/');
    if (slash < 1 || slash == text.length() - 1) {
      return Optional.empty();
    }
    ObjectRef object = new ObjectRef(scheme + text.substring(0, slash), text.substring(slash + 1));
    return isContained(object.key) ? Optional.of(object) : Optional.empty();
  }

  /** Returns whether a key stays below its root and names one object only. */
  private static boolean isContained(String key) {
    if (key.isEmpty() || key.startsWith("/") || !isPrintable(key)) {
      return false;
    }
    for (String segment : key.split("/", -1)) {
      if (segment.equals("..") || segment.equals(".")) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPrintable(String text) {
    return text.chars().noneMatch(Character::isISOControl)
        && StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /**
   * Resolves the href of an asset against its item.
   *
   * @param itemKey the item's key in its source, or its whole URI
   * @param href S3 location, URL, file URI, absolute path, or path relative to the item
   * @return the location
   * @throws SceneException (permanent) if the href is none of these, or leads out of its bucket or
   *     source
   */
  public static ObjectRef resolve(String itemKey, String href) throws SceneException {
    if (href.isEmpty() || href.length() > MAX_HREF || !isPrintable(href)) {
      throw invalid(itemKey, href, "is empty, too long or has control characters");
    }
    Optional<ObjectRef> inBucket = ofBucket(href);
    if (inBucket.isPresent()) {
      return inBucket.get();
    }
    if (BUCKET_URI.matcher(href).matches()) {
      throw invalid(itemKey, href, "leads out of its bucket, or names no object");
    }
    if (href.startsWith("/vsicurl/")) {
      return resolve(itemKey, href.substring("/vsicurl/".length()));
    }
    Matcher web = WEB.matcher(href);
    if (web.matches()) {
      return web(itemKey, href, web.group(1), web.group(2));
    }
    String lower = href.toLowerCase(Locale.ROOT);
    if (lower.startsWith("file:")) {
      String path = decodeOrKeep(href.substring("file:".length()).replaceFirst("^//[^/]*", ""));
      return file(itemKey, href, path);
    }
    if (URI_SCHEME.matcher(href).lookingAt()) {
      throw invalid(itemKey, href, "has a scheme that is not supported");
    }
    return relative(itemKey, href);
  }

  private static ObjectRef web(String itemKey, String href, String origin, String path) {
    String plain = path.replaceFirst("\\?.*", "").replaceAll("(?i)%2e", ".");
    if (!isContained(plain.replaceAll("(?i)%2f", "/"))) {
      throw invalid(itemKey, href, "leads out of its host, or names no object");
    }
    return new ObjectRef(origin.toLowerCase(Locale.ROOT), path);
  }

  private static ObjectRef file(String itemKey, String href, String path) {
    if (!path.startsWith("/") || !isContained(path.substring(1))) {
      throw invalid(itemKey, href, "is not an absolute path without '..'");
    }
    return new ObjectRef(FILE, path);
  }

  /** Resolves a path as a URI reference: percent-encoded, relative to the item's directory. */
  private static ObjectRef relative(String itemKey, String href) {
    Optional<ObjectRef> item = of(itemKey);
    String root = item.map(ObjectRef::root).orElse("");
    String itemPath = item.map(ObjectRef::key).orElse(itemKey);
    boolean web = root.startsWith("http");
    String path = web ? href : decodeOrKeep(href);
    if (path.startsWith("/")) {
      if (root.isEmpty()) {
        return file(itemKey, href, path);
      }
      itemPath = "";
      path = path.substring(1);
    }
    Deque<String> resolved = new ArrayDeque<>();
    String joined = itemPath.substring(0, itemPath.lastIndexOf('/') + 1) + path;
    for (String part : joined.split("/")) {
      String plain = web ? part.replaceAll("(?i)%2e", ".") : part;
      if (plain.equals("..")) {
        if (resolved.pollLast() == null) {
          throw invalid(itemKey, href, "leads out of the source");
        }
      } else if (!plain.isEmpty() && !plain.equals(".")) {
        resolved.addLast(part);
      }
    }
    String key = String.join("/", resolved);
    if (!isContained(key)) {
      throw invalid(itemKey, href, "names no object");
    }
    return new ObjectRef(root, key);
  }

  /**
   * Parses a whole URI of a bucket or web server.
   *
   * @param name a key or a URI
   * @return its location, without a query; empty for a key
   */
  public static Optional<ObjectRef> of(String name) {
    Optional<ObjectRef> inBucket =
        BUCKET_URI.matcher(name).matches() ? ofBucket(name) : Optional.empty();
    if (inBucket.isPresent()) {
      return inBucket;
    }
    Matcher web = WEB.matcher(name);
    return web.matches()
        ? Optional.of(
            new ObjectRef(
                web.group(1).toLowerCase(Locale.ROOT), web.group(2).replaceFirst("\\?.*", "")))
        : Optional.empty();
  }

  private static SceneException invalid(String itemKey, String href, String problem) {
    String masked = href.startsWith("http") ? href.replaceFirst("\\?.*", "?***") : href;
    String shown = masked.length() > 200 ? masked.substring(0, 200) + "…" : masked;
    return SceneException.permanent(itemKey, "href '" + shown + "' " + problem);
  }

  /** Decodes percent escapes of a valid URI reference; other text is a plain path. */
  private static String decodeOrKeep(String path) {
    return BAD_ESCAPE.matcher(path).find() ? path : decode(path);
  }

  private static String decode(String path) {
    // A plus sign stands for a space only in forms, not in a URL path.
    return path.indexOf('%') < 0
        ? path
        : URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /**
   * Returns the S3 bucket.
   *
   * @return empty for objects elsewhere
   */
  public Optional<String> bucket() {
    return root.startsWith(S3) ? Optional.of(root.substring(S3.length())) : Optional.empty();
  }

  /**
   * Returns the URI of the bucket or container that the object is in.
   *
   * @return {@code s3://BUCKET}, {@code gs://BUCKET} or {@code az://CONTAINER[@ACCOUNT]}; empty if
   *     the object is elsewhere
   */
  public Optional<String> bucketUri() {
    return BUCKET_URI.matcher(root).matches() ? Optional.of(root) : Optional.empty();
  }

  /**
   * Returns the name under which a source opens the object.
   *
   * @return its key, or its whole URI
   */
  public String name() {
    return root.isEmpty() || root.equals(FILE) ? root + key : root + "/" + key;
  }

  @Override
  public String toString() {
    return name();
  }
}

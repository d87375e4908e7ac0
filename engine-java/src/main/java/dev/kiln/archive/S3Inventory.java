package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An S3 Inventory: a {@code manifest.json} that lists gzip CSV files with one row per object.
 * Several files are streamed at once, with one buffer per file in memory. In versioned buckets only
 * latest versions that are not delete markers are read.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html">
 *     Locating your inventory list</a>
 */
public final class S3Inventory {
  private static final String MANIFEST = "manifest.json";
  private static final String SNAPSHOT = "\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}Z";

  private final ObjectSource objects;
  private final String manifest;
  private final String root;
  private final String sourceBucket;
  private final List<String> columns;
  private final List<String> parts;

  private S3Inventory(
      ObjectSource objects,
      String manifest,
      String root,
      String sourceBucket,
      List<String> columns,
      List<String> parts) {
    this.objects = objects;
    this.manifest = manifest;
    this.root = root;
    this.sourceBucket = sourceBucket;
    this.columns = List.copyOf(columns);
    this.parts = List.copyOf(parts);
  }

  /**
   * Opens an inventory.
   *
   * @param objects opens and lists the inventory's files
   * @param uri a {@code manifest.json}, or a directory of dated snapshots, of which the newest is
   *     read. In S3 the keys of the CSV files are relative to the bucket; on a local disk, to the
   *     directory above the manifest that contains them
   * @return the inventory
   * @throws ConfigurationException if there is no such inventory, or it is not CSV with a Key
   *     column
   * @throws IOException if the manifest cannot be read
   */
  public static S3Inventory open(ObjectSource objects, String uri) throws IOException {
    String manifest = uri.endsWith(".json") ? uri : newest(objects, uri);
    JsonNode json;
    try (InputStream in = objects.open(manifest)) {
      json = JsonMapper.shared().readTree(in);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("--inventory " + manifest + ": manifest.json not found", e);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--inventory " + manifest + ": not JSON: " + e.getOriginalMessage(), e);
    }
    String format = json.path("fileFormat").asString("");
    if (!format.equals("CSV")) {
      throw new ConfigurationException(
          "--inventory " + manifest + ": fileFormat: expected CSV, found '" + format + "'");
    }
    List<String> columns = List.of(json.path("fileSchema").asString("").strip().split("\\s*,\\s*"));
    if (!columns.contains("Key")) {
      throw new ConfigurationException(
          "--inventory " + manifest + ": fileSchema: expected a column Key, found " + columns);
    }
    List<String> parts = new ArrayList<>();
    json.path("files").forEach(file -> parts.add(file.path("key").asString("")));
    String bucket = json.path("sourceBucket").asString("");
    String root = parts.isEmpty() ? "" : root(objects, manifest, parts.get(0));
    return new S3Inventory(objects, manifest, root, bucket, columns, parts);
  }

  /**
   * Returns the manifest that was read.
   *
   * @return its URI
   */
  public String manifest() {
    return manifest;
  }

  /**
   * Returns the bucket that the inventory lists.
   *
   * @return its name; empty if the manifest does not state it
   */
  public String sourceBucket() {
    return sourceBucket;
  }

  /**
   * Reads all rows.
   *
   * @param suffix of the keys to pass on
   * @param threads number of files read at once, at least 1
   * @param keys receives each key, decoded; called from several threads at once
   * @return number of rows read
   * @throws IOException if a file cannot be read
   * @throws ConfigurationException if a file is damaged, with its name in the message
   */
  public long forEachKey(String suffix, int threads, Consumer<String> keys) throws IOException {
    ExecutorService readers = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Long>> running = new ArrayList<>();
      for (String part : parts) {
        running.add(readers.submit(() -> readPart(root + part, suffix, keys)));
      }
      long rows = 0;
      for (Future<Long> part : running) {
        rows += part.get();
      }
      return rows;
    } catch (ExecutionException e) {
      throw unwrap(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("--inventory " + manifest + ": interrupted", e);
    } finally {
      readers.shutdownNow();
    }
  }

  private long readPart(String part, String suffix, Consumer<String> keys) throws IOException {
    byte[] end = suffix.getBytes(StandardCharsets.UTF_8);
    int key = columns.indexOf("Key");
    int latest = columns.indexOf("IsLatest");
    int deleted = columns.indexOf("IsDeleteMarker");
    try (InputStream in =
        new GZIPInputStream(new BufferedInputStream(objects.open(part), 1 << 16), 1 << 16)) {
      InventoryCsv csv = new InventoryCsv("--inventory " + part, in, columns.size());
      while (csv.next()) {
        if (csv.endsWith(key, end)
            && (latest < 0 || csv.field(latest).equals("true"))
            && (deleted < 0 || !csv.field(deleted).equals("true"))) {
          keys.accept(decode(csv.field(key)));
        }
        if ((csv.row() & 0xffff) == 0 && Thread.interrupted()) {
          throw new IOException("--inventory " + part + ": interrupted");
        }
      }
      return csv.row();
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          "--inventory " + manifest + ": expected a file " + part + ", found none", e);
    } catch (EOFException | ZipException e) {
      throw new ConfigurationException(
          "--inventory " + part + ": damaged gzip (" + e.getMessage() + "): download it again", e);
    }
  }

  /** Keys are URL-encoded in an inventory, with a plus sign for a space. */
  private static String decode(String key) {
    return key.indexOf('%') < 0 && key.indexOf('+') < 0
        ? key
        : URLDecoder.decode(key, StandardCharsets.UTF_8);
  }

  private static String newest(ObjectSource objects, String directory) throws IOException {
    String slashed = directory.endsWith("/") ? directory : directory + "/";
    return objects.list(slashed).stream()
        .filter(name -> name.matches(SNAPSHOT))
        .max(Comparator.naturalOrder())
        .map(name -> slashed + name + "/" + MANIFEST)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "--inventory "
                        + directory
                        + ": expected a manifest.json, or a directory of snapshots such as"
                        + " 2024-10-03T01-00Z, found neither"));
  }

  /** Returns the root that the keys of the files are relative to, with a trailing slash. */
  private static String root(ObjectSource objects, String manifest, String part)
      throws IOException {
    int scheme = manifest.indexOf("://");
    if (scheme >= 0) {
      return manifest.substring(0, manifest.indexOf('/', scheme + 3) + 1);
    }
    Path file = manifest.startsWith("file:") ? Path.of(URI.create(manifest)) : Path.of(manifest);
    for (Path directory = file.toAbsolutePath().normalize().getParent();
        directory != null;
        directory = directory.getParent()) {
      String candidate =
          directory.toString().endsWith("/") ? directory.toString() : directory + "/";
      try {
        objects.open(candidate + part).close();
        return candidate;
      } catch (NoSuchFileException e) {
        continue;
      }
    }
    throw new ConfigurationException(
        "--inventory " + manifest + ": expected " + part + " in a directory above it, found none");
  }

  private static IOException unwrap(Throwable cause) {
    if (cause instanceof IOException io) {
      return io;
    }
    if (cause instanceof RuntimeException runtime) {
      throw runtime;
    }
    throw (Error) cause;
  }
}

package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.io.FileTrees;
import dev.kiln.io.Sha256;
import dev.kiln.io.UserCache;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Copies of models from remote stores on the local disk, shared by all jobs of a machine. A copy is
 * named by the hash of the model's description and exists whole or not at all: it is copied to a
 * temporary directory, checked and renamed.
 */
public final class ModelCache {
  private static final Logger log = LoggerFactory.getLogger(ModelCache.class);

  /** Subdirectory of plans compiled for a kind of GPU; may be absent. */
  private static final String PLANS = "plans";

  private static final String TEMPORARY = ".copying-";

  /** A copy this old was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofHours(2);

  private ModelCache() {}

  /** {@return the directory for copies of this user; need not exist} */
  public static Path ofUser() {
    return UserCache.directory("models");
  }

  /**
   * Opens a model. A local directory is opened in place.
   *
   * @param uri {@code s3://…}, {@code gs://…}, {@code az://…}, {@code https://…}, {@code file:…} or
   *     a path
   * @param options how the bucket is reached
   * @param cache directory for copies
   * @return the model
   * @throws ConfigurationException if there is no model, or its files differ from its description
   * @throws IOException if the bucket is unavailable or the disk is full
   */
  public static ModelDirectory open(String uri, StoreOptions options, Path cache)
      throws IOException {
    if (!ObjectStores.isRemote(uri)) {
      return ModelDirectory.open(ObjectStores.localPath(uri));
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      Path copy = copy(store, cache);
      requireReadable(copy);
      try {
        return ModelDirectory.open(copy);
      } catch (ConfigurationException e) {
        // Opening compares every hash: what another process left or changed there is copied again.
        log.warn(
            "damaged copy of the model, copying it again: copy={} reason=\"{}\"",
            copy,
            e.getMessage());
        FileTrees.delete(copy);
        return ModelDirectory.open(copy(store, cache));
      }
    }
  }

  /**
   * Reads the description of a model, without its weights.
   *
   * @param uri {@code s3://…}, {@code gs://…}, {@code az://…}, {@code https://…}, {@code file:…} or
   *     a path
   * @param options how the bucket is reached
   * @return the description
   * @throws ConfigurationException if there is no model
   * @throws IOException if the bucket is unavailable
   */
  public static ModelDescription describe(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      return parse(store, description(store));
    }
  }

  private static Path copy(ObjectStore store, Path cache) throws IOException {
    byte[] json = description(store);
    ModelDescription description = parse(store, json);
    String name = Sha256.hex(json).substring(0, 16);
    Path target = cache.toAbsolutePath().resolve(name);
    requireUsable(target.getParent());
    if (!Files.exists(target)) {
      long start = System.nanoTime();
      // A random name: processes in different containers may have the same id.
      Path temporary = Files.createTempDirectory(target.getParent(), TEMPORARY);
      try {
        // By the time of the new directory: the clock of a file server can differ.
        removeAbandoned(target.getParent(), Files.getLastModifiedTime(temporary).toInstant());
        fetch(store, description.weights().file(), description.weights().sha256(), temporary);
        for (ModelDescription.Graph graph : description.graphs()) {
          fetch(store, graph.file(), graph.sha256(), temporary);
        }
        Files.write(temporary.resolve(ModelDirectory.DESCRIPTION), json);
        rename(temporary, target);
      } finally {
        FileTrees.delete(temporary);
      }
      log.info(
          "model copied from={} to={} seconds={}",
          store.root(),
          target,
          (System.nanoTime() - start) / 1_000_000_000);
    }
    fetchPlans(store, target);
    return target;
  }

  /** Creates the directory for copies, which another user may own. */
  private static void requireUsable(Path cache) {
    try {
      Files.createDirectories(cache);
    } catch (IOException e) {
      throw new ConfigurationException(
          "--model-cache %s: cannot be created (%s); give another directory".formatted(cache, e),
          e);
    }
    if (!Files.isReadable(cache) || !Files.isWritable(cache) || !Files.isExecutable(cache)) {
      throw new ConfigurationException(
          "--model-cache %s: permission denied: make it readable and writable, or give another"
                  .formatted(cache)
              + " directory");
    }
  }

  /** Distinguishes a copy of another user from one that is damaged. */
  private static void requireReadable(Path copy) {
    Path description = copy.resolve(ModelDirectory.DESCRIPTION);
    if (!Files.isExecutable(copy) || Files.exists(description) && !Files.isReadable(description)) {
      throw new ConfigurationException(
          "--model-cache %s: permission denied: make it readable, or give another directory"
              .formatted(copy));
    }
  }

  /** Copies plans that were compiled since the model was copied. */
  private static void fetchPlans(ObjectStore store, Path model) throws IOException {
    if (HttpLocation.isHttp(store.root())) {
      return; // A web server cannot be listed.
    }
    Path directory = model.resolve(PLANS);
    for (String plan : store.list(PLANS)) {
      Path target = directory.resolve(plan);
      if (!Files.exists(target)) {
        Files.createDirectories(directory);
        Path temporary = Files.createTempFile(directory, TEMPORARY, "");
        try (InputStream in = store.stream(PLANS + "/" + plan)) {
          Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
          Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(temporary);
        }
      }
    }
  }

  /**
   * Uploads a compiled plan to its model's bucket, where other machines find it. Does nothing for a
   * local model.
   *
   * @param uri of the model, as for {@link #open}
   * @param options how the bucket is reached
   * @param files of a plan, in the order to upload them
   * @throws IOException if the bucket is unavailable or cannot be written
   */
  public static void sharePlan(String uri, StoreOptions options, List<Path> files)
      throws IOException {
    if (!ObjectStores.isBucket(uri)) {
      return;
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      for (Path file : files) {
        String key = PLANS + "/" + file.getFileName();
        store.put(key, Files.readAllBytes(file));
        log.info("plan uploaded to={}", store.uri(key));
      }
    }
  }

  private static byte[] description(ObjectStore store) throws IOException {
    try {
      return store.read(ModelDirectory.DESCRIPTION);
    } catch (UnavailableException e) {
      throw e;
    } catch (IOException e) {
      throw new ConfigurationException(
          "--model %s: %s cannot be read (%s): copy the output of kiln export there"
              .formatted(store.root(), ModelDirectory.DESCRIPTION, e.getMessage()),
          e);
    }
  }

  private static ModelDescription parse(ObjectStore store, byte[] json) {
    ModelDescription description;
    try {
      description = JsonMapper.shared().readValue(json, ModelDescription.class);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--model %s: %s is not a model description; export the model again"
              .formatted(store.root(), ModelDirectory.DESCRIPTION),
          e);
    }
    List<String> files =
        Stream.concat(
                Stream.of(description.weights().file()),
                description.graphs().stream().map(ModelDescription.Graph::file))
            .toList();
    for (String file : files) {
      if (file.isEmpty() || file.contains("/") || file.contains("..")) {
        throw new ConfigurationException(
            "--model %s: the description names a file '%s' in another directory; export it again"
                .formatted(store.root(), file));
      }
    }
    return description;
  }

  private static void fetch(ObjectStore store, String file, String sha256, Path directory)
      throws IOException {
    MessageDigest digest = Sha256.digest();
    try (InputStream in = store.stream(file);
        OutputStream out =
            new DigestOutputStream(Files.newOutputStream(directory.resolve(file)), digest)) {
      in.transferTo(out);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          "--model %s: %s is missing; copy the whole model there".formatted(store.root(), file), e);
    }
    String found = Sha256.hex(digest);
    if (!found.equals(sha256)) {
      throw new ConfigurationException(
          Mismatch.of("--model " + store.root() + ": " + file, "SHA-256 " + sha256, found)
              + "; copy the whole model there again");
    }
  }

  /** Renames a copy; if another job of this machine was faster, its copy is used. */
  private static void rename(Path temporary, Path target) throws IOException {
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (!Files.isDirectory(target)) {
        throw e;
      }
    }
  }

  private static void removeAbandoned(Path cache, Instant now) throws IOException {
    Instant limit = now.minus(ABANDONED);
    try (Stream<Path> entries = Files.list(cache)) {
      for (Path entry : entries.toList()) {
        if (entry.getFileName().toString().startsWith(TEMPORARY)
            && Files.getLastModifiedTime(entry).toInstant().isBefore(limit)) {
          FileTrees.delete(entry);
        }
      }
    }
  }
}

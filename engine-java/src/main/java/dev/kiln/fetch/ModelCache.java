package dev.kiln.fetch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
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
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Models from buckets, kept on the local disk for all jobs of a machine. A model lies there under
 * the hash of its description, whole or not at all: it is copied aside, checked and renamed.
 */
public final class ModelCache {
  private static final Logger log = LoggerFactory.getLogger(ModelCache.class);

  /** Compiled for a kind of GPU, beside the model; may be absent. */
  private static final String PLANS = "plans";

  private static final String ASIDE = ".copying-";

  /** A copy this old was left by a process that died. */
  private static final Duration ABANDONED = Duration.ofHours(2);

  private ModelCache() {}

  /**
   * Opens a model wherever it lies. A folder is opened in place.
   *
   * @param uri {@code s3://…}, {@code file:…} or a path
   * @param cache folder for copies
   * @throws ConfigurationException if there is no model, or its files are not those that it names
   * @throws IOException if the bucket cannot be reached or the disk is full
   */
  public static ModelDirectory open(String uri, StoreOptions options, Path cache)
      throws IOException {
    if (!ObjectStores.isBucket(uri)) {
      return ModelDirectory.open(ObjectStores.localPath(uri));
    }
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      return ModelDirectory.open(copy(store, cache));
    }
  }

  /**
   * Reads what a model says of itself, without its weights.
   *
   * @throws ConfigurationException if there is none
   */
  public static ModelDescription describe(String uri, StoreOptions options) throws IOException {
    try (ObjectStore store = ObjectStores.open(uri, options)) {
      return parse(store, description(store));
    }
  }

  private static Path copy(ObjectStore store, Path cache) throws IOException {
    byte[] json = description(store);
    ModelDescription description = parse(store, json);
    String name = HexFormat.of().formatHex(sha256().digest(json)).substring(0, 16);
    Path target = cache.toAbsolutePath().resolve(name);
    if (!Files.exists(target)) {
      long begun = System.nanoTime();
      Files.createDirectories(target.getParent());
      removeAbandoned(target.getParent());
      // Not by process id: in containers that share the folder, every process may have the same.
      Path aside = Files.createTempDirectory(target.getParent(), ASIDE);
      try {
        fetch(store, description.weights().file(), description.weights().sha256(), aside);
        for (ModelDescription.Graph graph : description.graphs()) {
          fetch(store, graph.file(), graph.sha256(), aside);
        }
        Files.write(aside.resolve(ModelDirectory.DESCRIPTION), json);
        rename(aside, target);
      } finally {
        remove(aside);
      }
      log.info(
          "model {} copied to {} in {} s",
          store.root(),
          target,
          (System.nanoTime() - begun) / 1_000_000_000);
    }
    fetchPlans(store, target);
    return target;
  }

  /** Plans may have been compiled since the model was copied. */
  private static void fetchPlans(ObjectStore store, Path model) throws IOException {
    Path folder = model.resolve(PLANS);
    for (String plan : store.list(PLANS)) {
      Path target = folder.resolve(plan);
      if (!Files.exists(target)) {
        Files.createDirectories(folder);
        Path aside = Files.createTempFile(folder, ASIDE, "");
        try (InputStream in = store.stream(PLANS + "/" + plan)) {
          Files.copy(in, aside, StandardCopyOption.REPLACE_EXISTING);
          Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          Files.deleteIfExists(aside);
        }
      }
    }
  }

  /**
   * Lays what was compiled from a model beside it in its bucket, where other machines find it. Does
   * nothing for a model that is opened in place.
   *
   * @param uri of the model, as for {@link #open}
   * @param files of a plan, in the order to put them
   * @throws IOException if the bucket cannot be reached or written
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
        log.info("laid beside the model: {}", store.uri(key));
      }
    }
  }

  private static byte[] description(ObjectStore store) throws IOException {
    try {
      return store.read(ModelDirectory.DESCRIPTION);
    } catch (SceneException e) {
      if (e.kind() == SceneException.Kind.TRANSIENT) {
        throw new IOException(e.getMessage(), e);
      }
      throw new ConfigurationException(
          "--model %s: %s cannot be read (%s): copy there what kiln export wrote"
              .formatted(store.root(), ModelDirectory.DESCRIPTION, e.reason()),
          e);
    }
  }

  private static ModelDescription parse(ObjectStore store, byte[] json) {
    ModelDescription description;
    try {
      description = JsonMapper.shared().readValue(json, ModelDescription.class);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "--model %s: %s is no model's description; export it again"
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
            "--model %s: names a file '%s' outside itself; export it again"
                .formatted(store.root(), file));
      }
    }
    return description;
  }

  private static void fetch(ObjectStore store, String file, String sha256, Path folder)
      throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = store.stream(file);
        OutputStream out =
            new DigestOutputStream(Files.newOutputStream(folder.resolve(file)), digest)) {
      in.transferTo(out);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          "--model %s: %s is missing; copy the whole model there".formatted(store.root(), file), e);
    }
    String found = HexFormat.of().formatHex(digest.digest());
    if (!found.equals(sha256)) {
      throw new ConfigurationException(
          "--model %s: %s has the SHA-256 %s, expected %s; copy the whole model there again"
              .formatted(store.root(), file, found, sha256));
    }
  }

  /** Another job of this machine may have been quicker: then its copy is as good. */
  private static void rename(Path aside, Path target) throws IOException {
    try {
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (!Files.isDirectory(target)) {
        throw e;
      }
    }
  }

  private static void removeAbandoned(Path cache) throws IOException {
    Instant limit = Instant.now().minus(ABANDONED);
    try (Stream<Path> entries = Files.list(cache)) {
      for (Path entry : entries.toList()) {
        if (entry.getFileName().toString().startsWith(ASIDE)
            && Files.getLastModifiedTime(entry).toInstant().isBefore(limit)) {
          remove(entry);
        }
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has it", e);
    }
  }
}

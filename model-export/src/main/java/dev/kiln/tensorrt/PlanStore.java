package dev.kiln.tensorrt;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plans of a model, in its directory {@code plans}. Each is named after its key and has a
 * description and a layer report beside it. Files are written atomically, the plan itself last, so
 * several processes can share the directory.
 */
public final class PlanStore {
  private static final Logger log = LoggerFactory.getLogger(PlanStore.class);
  private final Path directory;

  /**
   * Opens the plans of a model; reads nothing.
   *
   * @param model the model
   */
  public PlanStore(ModelDirectory model) {
    this.directory = model.path().resolve("plans");
  }

  /**
   * Runs work that no other process should run at the same time for this model, such as a
   * compilation. Waits for the lock; on a file system without locks it does not wait.
   *
   * @param work the work
   * @return the result of the work
   * @throws ConfigurationException if the directory cannot be written
   */
  public <T> T alone(Supplier<T> work) {
    try (FileChannel channel =
        FileChannel.open(
            prepare().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock(channel);
      return work.get();
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot write: %s".formatted(directory, e), e);
    }
  }

  /** Locks the channel; closing it releases the lock. */
  private void lock(FileChannel channel) {
    try {
      if (channel.tryLock() == null) {
        log.info("waiting for another process that compiles a plan in {}", directory);
        channel.lock();
      }
    } catch (IOException e) {
      log.warn("plans {}: cannot lock, another process may compile too: {}", directory, e);
    }
  }

  /** Returns the file of a plan, whether it exists or not. */
  public Path file(PlanKey key) {
    return directory.resolve(key.fileName() + Plan.SUFFIX);
  }

  /**
   * Finds the plan with a key.
   *
   * @param key the key
   * @return empty if there is none
   * @throws ConfigurationException if the plan exists but cannot be used
   */
  public Optional<Plan> find(PlanKey key) {
    Path file = file(key);
    return Files.exists(file) ? Optional.of(Plan.open(file, key)) : Optional.empty();
  }

  /** Returns one line per existing plan with its differences from a key. */
  public List<String> others(PlanKey key) {
    List<String> lines = new ArrayList<>();
    for (Path file : plans()) {
      String name = file.getFileName().toString();
      try {
        List<String> differences = key.differences(Plan.describe(Plan.description(file)).key());
        lines.add(name + ": " + String.join("; ", differences));
      } catch (ConfigurationException e) {
        lines.add(name + ": cannot read its description");
      }
    }
    return lines;
  }

  private List<Path> plans() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(Plan.SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot read: %s".formatted(directory, e), e);
    }
  }

  /**
   * Creates the directory.
   *
   * @throws ConfigurationException if it cannot be written
   */
  Path prepare() {
    try {
      Files.createDirectories(directory);
      if (!Files.isWritable(directory)) {
        throw new ConfigurationException(
            "plans %s: expected a writable directory for compiled plans".formatted(directory));
      }
      return directory;
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot write: %s".formatted(directory, e), e);
    }
  }

  /**
   * Stores a plan.
   *
   * @param layers layer report in JSON
   */
  Plan add(
      PlanKey key,
      ByteBuffer plan,
      String layers,
      double seconds,
      PlanDescription.Attention attention) {
    prepare();
    Path file = file(key);
    PlanDescription description =
        new PlanDescription(
            PlanDescription.FORMAT,
            key,
            plan.remaining(),
            Plan.sha256(plan.duplicate()),
            seconds,
            attention);
    try {
      write(
          directory.resolve(key.fileName() + Plan.LAYERS_SUFFIX),
          ByteBuffer.wrap(layers.getBytes(StandardCharsets.UTF_8)));
      // An existing plan no longer matches the new description, so it is deleted first.
      Files.deleteIfExists(file);
      write(Plan.description(file), ByteBuffer.wrap(Plan.JSON.writeValueAsBytes(description)));
      write(file, plan);
    } catch (IOException e) {
      throw new ConfigurationException("plan %s: cannot write: %s".formatted(file, e), e);
    }
    return Plan.open(file, key);
  }

  /** Returns the timing cache of earlier compilations; empty if there is none. */
  byte[] timings(PlanKey key) {
    Path file = directory.resolve(key.timingCacheName());
    try {
      return Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
    } catch (IOException e) {
      log.warn("timing cache {}: cannot read: {}", file, e.toString());
      return new byte[0];
    }
  }

  /** Stores the timing cache; without it the next compilation only takes longer. */
  void keepTimings(PlanKey key, ByteBuffer timings) {
    Path file = directory.resolve(key.timingCacheName());
    try {
      write(file, timings);
    } catch (IOException e) {
      log.warn("timing cache {}: cannot write: {}", file, e.toString());
    }
  }

  private static void write(Path file, ByteBuffer content) throws IOException {
    Path temporary = file.resolveSibling(".%s.%s".formatted(file.getFileName(), UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer left = content.duplicate();
        while (left.hasRemaining()) {
          channel.write(left);
        }
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}

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
 * The plans of a model, in its folder {@code plans}: any number of them, each named for what it is
 * good for, with a description and the report of its layers beside it. A file appears whole or not
 * at all, the plan's own last, so that several processes may share the folder.
 */
public final class PlanStore {
  private static final Logger LOG = LoggerFactory.getLogger(PlanStore.class);
  private final Path folder;

  /**
   * @param model whose plans these are
   */
  public PlanStore(ModelDirectory model) {
    this.folder = model.path().resolve("plans");
  }

  /**
   * Does something that no other process should do at the same time for this model, such as to
   * compile: waits until it is alone. On a file system without locks it does not wait.
   *
   * @throws ConfigurationException if the folder cannot be written
   */
  public <T> T alone(Supplier<T> work) {
    try (FileChannel channel =
        FileChannel.open(
            prepare().resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock(channel);
      return work.get();
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot be written: %s".formatted(folder, e), e);
    }
  }

  /** Closing the channel lets it go. */
  private void lock(FileChannel channel) {
    try {
      if (channel.tryLock() == null) {
        LOG.info("waiting for another process, which compiles a plan in {}", folder);
        channel.lock();
      }
    } catch (IOException e) {
      LOG.warn("plans {}: cannot be locked, so another process may compile too: {}", folder, e);
    }
  }

  /** Where a plan lies or would. */
  public Path file(PlanKey key) {
    return folder.resolve(key.fileName() + Plan.SUFFIX);
  }

  /**
   * The plan for this key; nothing if there is none.
   *
   * @throws ConfigurationException if there is one that cannot be used
   */
  public Optional<Plan> find(PlanKey key) {
    Path file = file(key);
    return Files.exists(file) ? Optional.of(Plan.open(file, key)) : Optional.empty();
  }

  /** Why the plans that are there do not fit, one line each; empty if there are none. */
  public List<String> others(PlanKey key) {
    List<String> lines = new ArrayList<>();
    for (Path file : plans()) {
      String name = file.getFileName().toString();
      try {
        List<String> differences = key.differences(Plan.describe(Plan.description(file)).key());
        lines.add(name + ": " + String.join("; ", differences));
      } catch (ConfigurationException e) {
        lines.add(name + ": its description cannot be read");
      }
    }
    return lines;
  }

  private List<Path> plans() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(Plan.SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot be read: %s".formatted(folder, e), e);
    }
  }

  /**
   * Makes the folder.
   *
   * @throws ConfigurationException if it cannot be written
   */
  Path prepare() {
    try {
      Files.createDirectories(folder);
      if (!Files.isWritable(folder)) {
        throw new ConfigurationException(
            "plans %s: expected a folder that can be written, for what is compiled"
                .formatted(folder));
      }
      return folder;
    } catch (IOException e) {
      throw new ConfigurationException("plans %s: cannot be written: %s".formatted(folder, e), e);
    }
  }

  /**
   * Keeps a plan.
   *
   * @param layers JSON of its layers
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
          folder.resolve(key.fileName() + Plan.LAYERS_SUFFIX),
          ByteBuffer.wrap(layers.getBytes(StandardCharsets.UTF_8)));
      // From here on a plan of the same name does not match its description, until it is replaced.
      Files.deleteIfExists(file);
      write(Plan.description(file), ByteBuffer.wrap(Plan.JSON.writeValueAsBytes(description)));
      write(file, plan);
    } catch (IOException e) {
      throw new ConfigurationException("plan %s: cannot be written: %s".formatted(file, e), e);
    }
    return Plan.open(file, key);
  }

  /** What earlier compilations measured; empty if nothing. */
  byte[] timings(PlanKey key) {
    Path file = folder.resolve(key.timingCacheName());
    try {
      return Files.isRegularFile(file) ? Files.readAllBytes(file) : new byte[0];
    } catch (IOException e) {
      LOG.warn("timing cache {}: cannot be read: {}", file, e.toString());
      return new byte[0];
    }
  }

  /** Keeps what was measured; without it the next compilation only takes longer. */
  void keepTimings(PlanKey key, ByteBuffer timings) {
    Path file = folder.resolve(key.timingCacheName());
    try {
      write(file, timings);
    } catch (IOException e) {
      LOG.warn("timing cache {}: cannot be written: {}", file, e.toString());
    }
  }

  private static void write(Path file, ByteBuffer content) throws IOException {
    Path aside = file.resolveSibling(".%s.%s".formatted(file.getFileName(), UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer left = content.duplicate();
        while (left.hasRemaining()) {
          channel.write(left);
        }
        channel.force(true);
      }
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(aside);
    }
  }
}

package dev.kiln.cuda;

import dev.kiln.cuda.CublasLt.Algorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The fastest algorithms of cuBLASLt on disk: one text file per kind of device and version of the
 * library, one line per shape, {@code shape = 8 hexadecimal words}. Unreadable lines are ignored.
 */
public final class AlgorithmCache {
  private final Path file;
  private final Map<String, Algorithm> known = new TreeMap<>();

  /** Opens the file for a device, beside the compiled kernels of {@link CubinCache#ofUser}. */
  public static AlgorithmCache of(GpuDescription device, String libraryVersion) {
    String name =
        "%s-%s-cublaslt-%s.txt"
            .formatted(
                device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"),
                device.architecture(),
                libraryVersion);
    return new AlgorithmCache(CubinCache.userDirectory().resolve(name));
  }

  AlgorithmCache(Path file) {
    this.file = file;
    try {
      for (String line : Files.readAllLines(file)) {
        String[] parts = line.split(" = ");
        if (parts.length == 2) {
          parse(parts[1]).ifPresent(algorithm -> known.put(parts[0], algorithm));
        }
      }
    } catch (IOException e) {
      // Not measured yet; a missing or unreadable file only means that measuring is repeated.
      known.clear();
    }
  }

  private static Optional<Algorithm> parse(String words) {
    try {
      return Optional.of(
          new Algorithm(
              Arrays.stream(words.trim().split(" "))
                  .map(word -> Long.parseUnsignedLong(word, 16))
                  .toList()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns the algorithm that was fastest for a shape. */
  public Optional<Algorithm> get(GemmShape shape) {
    return Optional.ofNullable(known.get(key(shape)));
  }

  /** Stores an algorithm in memory and on disk. */
  public void put(GemmShape shape, Algorithm algorithm) {
    known.put(key(shape), algorithm);
    List<String> lines = new ArrayList<>();
    known.forEach((key, value) -> lines.add(key + " = " + format(value)));
    try {
      Files.createDirectories(file.getParent());
      Path temporary = Files.createTempFile(file.getParent(), "algorithms", ".tmp");
      try {
        Files.write(temporary, lines);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      // The next start only has to measure again.
      System.getLogger(AlgorithmCache.class.getName())
          .log(System.Logger.Level.WARNING, "cannot write {0}: {1}", file, e.toString());
    }
  }

  private static String format(Algorithm algorithm) {
    return String.join(" ", algorithm.words().stream().map(Long::toHexString).toList());
  }

  private static String key(GemmShape shape) {
    return "%dx%dx%d strides %d %d %s"
        .formatted(
            shape.rows(),
            shape.columns(),
            shape.inner(),
            shape.aStride(),
            shape.outStride(),
            shape.output());
  }
}

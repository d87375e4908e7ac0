package dev.kiln.cuda;

import dev.kiln.io.Sha256;
import dev.kiln.io.UserCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compiled kernels on disk, one file per source, architecture, options and compiler version. A
 * machine compiles a kernel once; a machine to which the files were copied needs no compiler.
 *
 * <p>A file is named {@code {name}-{architecture}-{hash of source and options}-{compiler}.cubin}.
 * Without a compiler, the file of the newest compiler version is used. Each file starts with the
 * SHA-256 of its code; a damaged file is ignored and replaced. Processes may share a directory.
 */
public final class CubinCache {
  private static final int HASH_BYTES = 32;
  private static final String SUFFIX = ".cubin";
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)");

  private final Path directory;
  private final Optional<Path> shipped;
  private final Compiler compiler;

  /** A compiler of device code. */
  interface Compiler {
    /** Returns its version, as in "13.3"; empty if this machine has no compiler. */
    Optional<String> version();

    /** Compiles a source to machine code. */
    byte[] compile(String name, String source, String architecture, List<String> options);
  }

  private static final Compiler NVRTC =
      new Compiler() {
        @Override
        public Optional<String> version() {
          return Nvrtc.available() ? Optional.of(Nvrtc.version()) : Optional.empty();
        }

        @Override
        public byte[] compile(
            String name, String source, String architecture, List<String> options) {
          return Nvrtc.compile(name, source, architecture, options);
        }
      };

  /**
   * Creates a cache that compiles with {@link Nvrtc}.
   *
   * @param directory created when the first file is written
   */
  public CubinCache(Path directory) {
    this(directory, Optional.empty(), NVRTC);
  }

  /**
   * Creates a cache with a second directory.
   *
   * @param shipped read-only directory of kernels that are used first, regardless of their compiler
   *     version
   */
  CubinCache(Path directory, Optional<Path> shipped, Compiler compiler) {
    this.directory = directory;
    this.shipped = shipped;
    this.compiler = compiler;
  }

  /**
   * Returns this user's cache: {@code kernels} in the directory that the system property {@code
   * kiln.cache} names, otherwise in {@code kiln} in the user's cache directory ({@code
   * XDG_CACHE_HOME}, {@code ~/.cache}). Kernels in the directory that {@code kiln.kernels} names,
   * as a bundle's launcher sets it, are used first.
   */
  public static CubinCache ofUser() {
    return new CubinCache(
        userDirectory(),
        Optional.ofNullable(System.getProperty("kiln.kernels")).map(Path::of),
        NVRTC);
  }

  /** Returns the directory of this user's compiled kernels and measurements. */
  public static Path userDirectory() {
    return UserCache.directory("kernels");
  }

  /** Returns whether {@link #get} can return this code without a compiler. */
  public boolean contains(String name, String source, String architecture, List<String> options) {
    return cached(name, source, architecture, options).isPresent();
  }

  /**
   * Returns the machine code of a source, compiled unless it is cached.
   *
   * @param name for messages and the file name
   * @param architecture as in "sm_90"
   * @throws CudaException if the source does not compile
   * @throws IllegalStateException if the code is not cached and the compiler cannot be loaded
   */
  public byte[] get(String name, String source, String architecture, List<String> options) {
    Optional<byte[]> cached = cached(name, source, architecture, options);
    if (cached.isPresent()) {
      return cached.get();
    }
    byte[] code = compiler.compile(name, source, architecture, options);
    String version = compiler.version().orElseThrow();
    write(directory.resolve(prefix(name, source, architecture, options) + version + SUFFIX), code);
    return code;
  }

  private Optional<byte[]> cached(
      String name, String source, String architecture, List<String> options) {
    String prefix = prefix(name, source, architecture, options);
    Optional<byte[]> code =
        shipped.flatMap(from -> firstWhole(candidates(from, prefix), Optional.empty(), prefix));
    List<Path> candidates = candidates(directory, prefix);
    // Only if needed: to load the compiler takes longer than to read a file.
    return code.isPresent() || candidates.isEmpty()
        ? code
        : firstWhole(candidates, compiler.version(), prefix);
  }

  /**
   * @param version of the compiler; empty for any
   */
  private static Optional<byte[]> firstWhole(
      List<Path> candidates, Optional<String> version, String prefix) {
    return candidates.stream()
        .filter(file -> version.isEmpty() || version.get().equals(versionOf(file, prefix)))
        .map(CubinCache::read)
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** Returns the files of this code, those of the newest compiler first. */
  private static List<Path> candidates(Path directory, String prefix) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .filter(file -> VERSION.matcher(versionOf(file, prefix)).matches())
          .sorted(
              Comparator.comparingInt((Path file) -> part(versionOf(file, prefix), 0))
                  .thenComparingInt(file -> part(versionOf(file, prefix), 1))
                  .reversed())
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static int part(String version, int index) {
    return Integer.parseInt(version.split("\\.")[index]);
  }

  private static String versionOf(Path file, String prefix) {
    String name = file.getFileName().toString();
    return name.substring(prefix.length(), name.length() - SUFFIX.length());
  }

  static String prefix(String name, String source, String architecture, List<String> options) {
    MessageDigest hash = Sha256.digest();
    for (String part : List.of(source, architecture, String.join("\n", options))) {
      hash.update(part.getBytes(StandardCharsets.UTF_8));
      hash.update((byte) 0);
    }
    String key = HexFormat.of().formatHex(hash.digest()).substring(0, 24);
    return name + "-" + architecture + "-" + key + "-";
  }

  private static Optional<byte[]> read(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      byte[] code = Arrays.copyOfRange(bytes, Math.min(HASH_BYTES, bytes.length), bytes.length);
      boolean whole =
          Arrays.equals(
              Sha256.digest().digest(code),
              0,
              HASH_BYTES,
              bytes,
              0,
              Math.min(HASH_BYTES, bytes.length));
      return whole ? Optional.of(code) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void write(Path file, byte[] code) {
    try {
      Files.createDirectories(directory);
      Path temporary = Files.createTempFile(directory, "new", ".tmp");
      try {
        byte[] bytes = Arrays.copyOf(Sha256.digest().digest(code), HASH_BYTES + code.length);
        System.arraycopy(code, 0, bytes, HASH_BYTES, code.length);
        Files.write(temporary, bytes);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      // The next start only has to compile again.
      System.getLogger(CubinCache.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "cannot cache compiled kernels in {0}: {1}; set -Dkiln.cache to a writable directory",
              directory,
              e.toString());
    }
  }
}

package dev.kiln.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Compiled kernels on disk, one file each, named by the hash of source, architecture and options: a
 * machine compiles a kernel once, and one that was given the files needs no compiler. A file begins
 * with the hash of its code, so that a damaged one is made again. Any number of processes may share
 * a folder.
 */
public final class CubinCache {
  private static final int HASH = 32;

  private final Path folder;

  /** Makes machine code. */
  interface Compiler {
    byte[] compile(String name, String source, String architecture, List<String> options);
  }

  /**
   * @param folder is made when it is first needed
   */
  public CubinCache(Path folder) {
    this.folder = folder;
  }

  /**
   * The cache of this user: {@code kernels} in the folder that the system property {@code
   * kiln.cache} names, else in {@code kiln} where caches go ({@code XDG_CACHE_HOME}, {@code
   * ~/.cache}).
   */
  public static CubinCache ofUser() {
    String named = System.getProperty("kiln.cache");
    if (named != null) {
      return new CubinCache(Path.of(named, "kernels"));
    }
    String caches = System.getenv("XDG_CACHE_HOME");
    Path base =
        caches == null || caches.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(caches);
    return new CubinCache(base.resolve("kiln").resolve("kernels"));
  }

  /**
   * The machine code of a kernel, compiled by {@link Nvrtc} unless it is there.
   *
   * @param name for messages and the file's name
   * @param architecture as in "sm_90"
   * @throws CudaException if the source does not compile
   * @throws IllegalStateException if it is not there and the compiler cannot be loaded
   */
  public byte[] get(String name, String source, String architecture, List<String> options) {
    return get(name, source, architecture, options, Nvrtc::compile);
  }

  byte[] get(
      String name, String source, String architecture, List<String> options, Compiler compiler) {
    Path file = file(name, source, architecture, options);
    byte[] known = read(file);
    if (known != null) {
      return known;
    }
    byte[] code = compiler.compile(name, source, architecture, options);
    write(file, code);
    return code;
  }

  Path file(String name, String source, String architecture, List<String> options) {
    MessageDigest hash = sha256();
    for (String part : List.of(source, architecture, String.join("\n", options))) {
      hash.update(part.getBytes(StandardCharsets.UTF_8));
      hash.update((byte) 0);
    }
    String key = HexFormat.of().formatHex(hash.digest()).substring(0, 24);
    return folder.resolve(name + "-" + architecture + "-" + key + ".cubin");
  }

  private static byte[] read(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      byte[] code = Arrays.copyOfRange(bytes, Math.min(HASH, bytes.length), bytes.length);
      boolean whole =
          Arrays.equals(sha256().digest(code), 0, HASH, bytes, 0, Math.min(HASH, bytes.length));
      return whole ? code : null;
    } catch (IOException e) {
      // It is not there, or what is there cannot be read: then it is made.
      return null;
    }
  }

  private void write(Path file, byte[] code) {
    try {
      Files.createDirectories(folder);
      Path aside = Files.createTempFile(folder, "new", ".cubin");
      try {
        byte[] hash = sha256().digest(code);
        byte[] bytes = Arrays.copyOf(hash, HASH + code.length);
        System.arraycopy(code, 0, bytes, HASH, code.length);
        Files.write(aside, bytes);
        Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(aside);
      }
    } catch (IOException e) {
      // Only the next start is slower for it.
      System.getLogger(CubinCache.class.getName())
          .log(System.Logger.Level.WARNING, "compiled kernels are not kept: {0}", e.toString());
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}

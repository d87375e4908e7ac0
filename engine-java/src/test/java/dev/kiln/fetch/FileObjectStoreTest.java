package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest {
  @TempDir Path directory;
  private ObjectStore store;

  @BeforeEach
  void open() {
    store = ObjectStores.open(directory.toString());
  }

  @Test
  void fetchesStoredBytes() throws Exception {
    byte[] bytes = new byte[40 << 20];
    new Random(1).nextBytes(bytes);
    store.put("a/b/c.bin", bytes);
    assertThat(store.exists("a/b/c.bin")).isTrue();
    try (SparseObject object = store.open(List.of("a/b/c.bin")).get(0)) {
      assertThat(object.size()).isEqualTo(bytes.length);
      store.fetch(List.of(object.plan(List.of(new ByteRange(0, bytes.length)))));
      byte[] got = new byte[bytes.length];
      object.buffer().slice(0, got.length).get(got);
      assertThat(got).isEqualTo(bytes);
    }
    assertThat(store.read("a/b/c.bin")).isEqualTo(bytes);
  }

  @Test
  void putReplacesAndLeavesNoOtherFiles() throws Exception {
    store.put("x", new byte[] {1});
    store.put("x", new byte[] {2, 3});
    assertThat(store.read("x")).containsExactly(2, 3);
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  private Path temporary(String name, int process) {
    return directory.resolve(
        ".kiln-%s.%d-1.part".formatted(UUID.nameUUIDFromBytes(name.getBytes()), process));
  }

  @Test
  void nameMayHaveTheMaximumLength() throws Exception {
    String name = "n".repeat(255);
    store.put(name, new byte[] {1});
    assertThat(store.read(name)).containsExactly(1);
  }

  @Test
  void putRemovesOnlyAbandonedTemporaryFilesOfItsOwnKey() throws Exception {
    Path old = Files.write(temporary("x", 99), new byte[10]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
    // A writer can be idle for hours.
    Path fresh = Files.write(temporary("x", 98), new byte[10]);
    Files.setLastModifiedTime(fresh, FileTime.from(Instant.now().minus(Duration.ofHours(23))));
    Path other = Files.write(temporary("y", 99), new byte[10]);
    Files.setLastModifiedTime(other, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
    store.put("x", new byte[] {1});
    assertThat(old).doesNotExist();
    assertThat(fresh).exists();
    assertThat(other).exists();
  }

  @Test
  void missingObjectIsNamed() {
    assertThatThrownBy(() -> store.open(List.of("no/such.tif")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(directory + "/no/such.tif: no such object under " + directory);
    assertThatThrownBy(() -> store.read("no/such.tif")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void fileBelowAFileIsMissing() throws IOException {
    Files.write(directory.resolve("file"), new byte[1]);
    assertThatThrownBy(() -> store.open(List.of("file/x"))).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> store.stream("file/x")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void smallObjectHasASizeLimit() throws IOException {
    store.put("largest", new byte[ObjectStore.MAX_READ_BYTES]);
    store.put("larger", new byte[ObjectStore.MAX_READ_BYTES + 1]);
    assertThat(store.read("largest")).hasSize(ObjectStore.MAX_READ_BYTES);
    assertThatThrownBy(() -> store.read("larger"))
        .isInstanceOf(UnreadableObjectException.class)
        .hasMessage(directory + "/larger: expected at most 67,108,864 bytes, found more");
  }

  @Test
  @Timeout(20)
  void pipeIsRejectedAtOnce() throws Exception {
    assumeTrue(
        run("mkfifo", directory.resolve("pipe").toString()), "SKIPPED: mkfifo is not available");
    for (ThrowableAssert.ThrowingCallable read :
        List.<ThrowableAssert.ThrowingCallable>of(
            () -> store.open(List.of("pipe")), () -> store.stream("pipe"))) {
      assertThatThrownBy(read)
          .isInstanceOf(UnreadableObjectException.class)
          .hasMessageContaining("expected a regular file, found a pipe, socket or device");
    }
  }

  @Test
  void unreadableFileIsDeniedAndNotRetried() throws Exception {
    Path secret = Files.write(directory.resolve("secret"), new byte[1]);
    Files.setPosixFilePermissions(secret, Set.of());
    assumeFalse(Files.isReadable(secret), "SKIPPED: root can read files without permissions");
    assertThatThrownBy(() -> store.open(List.of("secret")))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessageContaining(secret.toString())
        .hasMessageContaining("permission denied");
  }

  @Test
  void directoryIsNotAnObject() throws IOException {
    Files.createDirectories(directory.resolve("a.tif"));
    assertThat(store.exists("a.tif")).isFalse();
    assertThatThrownBy(() -> store.open(List.of("a.tif")))
        .isInstanceOf(UnreadableObjectException.class)
        .hasMessageContaining("expected a regular file, found a directory");
  }

  @Test
  void putBelowAFileFails() throws IOException {
    Files.write(directory.resolve("file"), new byte[1]);
    assertThatThrownBy(() -> store.put("file/x", new byte[1])).isInstanceOf(IOException.class);
  }

  @Test
  void fullDiskLeavesNothingUnderTheFinalName() throws Exception {
    Path disk = Files.createDirectories(directory.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString()),
        "SKIPPED: a small file system can only be mounted as root");
    try {
      ObjectStore small = ObjectStores.open(disk.toString());
      small.put("fits", new byte[1000]);
      assertThatThrownBy(() -> small.put("scene.parquet", new byte[1 << 20]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      assertThat(small.exists("scene.parquet")).isFalse();
      try (var files = Files.list(disk)) {
        assertThat(files).hasSize(1);
      }
    } finally {
      run("umount", disk.toString());
    }
  }

  private static boolean run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void urisOfFiles() {
    assertThat(ObjectStores.localPath("file:/a/b")).isEqualTo(Path.of("/a/b"));
    assertThat(ObjectStores.localPath("file:///a/b")).isEqualTo(Path.of("/a/b"));
    assertThat(ObjectStores.localPath("../a")).isEqualTo(Path.of("../a"));
    assertThat(ObjectStores.localPath("/a/10:30/b")).isEqualTo(Path.of("/a/10:30/b"));
    assertThatThrownBy(() -> ObjectStores.localPath("ftp://host/a"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("scheme 'ftp', which is not supported");
  }

  /** All of it is in memory once it is opened, but it is still one version. */
  @Test
  void smallFilesThatChangeWhileTheyAreReadAreNoticed() throws Exception {
    store.put("a", new byte[100]);
    try (SparseObject object = store.open(List.of("a")).get(0)) {
      RangePlan all = object.plan(List.of(new ByteRange(0, 100)));
      store.fetch(List.of(all));
      Files.write(directory.resolve("a"), new byte[101]);
      assertThatThrownBy(() -> store.fetch(List.of(all)))
          .isInstanceOf(ObjectChangedException.class);
    }
  }

  @Test
  void filesBesideAnImageAreFoundByTheNamesOfGdal() throws Exception {
    store.put("d/a.tif", new byte[10]);
    assertThat(store.beside("d/a.tif").auxiliary()).isEmpty();
    assertThat(store.beside("d/a.tif").mask()).isFalse();
    assertThat(store.beside("d/a.tif").worldFile().get()).isEmpty();
    store.put("d/a.tif.aux.xml", new byte[] {1, 2});
    store.put("d/a.tif.msk", new byte[] {3});
    store.put("d/a.tfw", new byte[] {4});
    assertThat(store.beside("d/a.tif").auxiliary().get()).containsExactly(1, 2);
    assertThat(store.beside("d/a.tif").mask()).isTrue();
    assertThat(store.beside("d/a.tif").worldFile().get()).contains("a.tfw");
  }
}

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileObjectStoreTest {
  @TempDir Path folder;
  private ObjectStore store;

  @BeforeEach
  void open() {
    store = ObjectStores.open(folder.toString());
  }

  @Test
  void fetchesWhatWasPut() throws Exception {
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
  void putReplacesAndLeavesNothingBeside() throws Exception {
    store.put("x", new byte[] {1});
    store.put("x", new byte[] {2, 3});
    assertThat(store.read("x")).containsExactly(2, 3);
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void putSweepsUpWhatADeadWriterLeftLongAgoAndNothingElse() throws Exception {
    Path old = Files.write(folder.resolve(".x.99-1.part"), new byte[10]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    Path fresh = Files.write(folder.resolve(".x.98-1.part"), new byte[10]);
    Path other = Files.write(folder.resolve(".y.99-1.part"), new byte[10]);
    Files.setLastModifiedTime(other, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    store.put("x", new byte[] {1});
    assertThat(old).doesNotExist();
    assertThat(fresh).exists();
    assertThat(other).exists();
  }

  @Test
  void whatIsNotThereIsPermanent() {
    assertThatThrownBy(() -> store.open(List.of("no/such.tif")))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT))
        .hasMessage("no/such.tif: no such object under " + folder);
    assertThatThrownBy(() -> store.read("no/such.tif")).isInstanceOf(SceneException.class);
  }

  @Test
  void folderIsNoObject() throws IOException {
    Files.createDirectories(folder.resolve("a.tif"));
    assertThat(store.exists("a.tif")).isFalse();
    assertThatThrownBy(() -> store.open(List.of("a.tif")))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("folder");
  }

  @Test
  void putBelowAFileFails() throws IOException {
    Files.write(folder.resolve("file"), new byte[1]);
    assertThatThrownBy(() -> store.put("file/x", new byte[1])).isInstanceOf(IOException.class);
  }

  @Test
  void fullDiskLeavesNothingUnderTheFinalName() throws Exception {
    Path disk = Files.createDirectories(folder.resolve("disk"));
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
    assertThatThrownBy(() -> ObjectStores.localPath("ftp://host/a"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("scheme 'ftp' is not served");
  }
}

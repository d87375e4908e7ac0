package dev.kiln.dataset.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchTest {
  @TempDir private Path parent;

  /** Holds a directory until its standard input ends. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      Scratch scratch = Scratch.in(Path.of(arguments[0]));
      Files.writeString(scratch.directory("cell").resolve("run-0"), "rows");
      System.out.println("ready");
      if (System.in.read() < 0) {
        // As a process that is killed: no hook deletes the directory.
        Runtime.getRuntime().halt(1);
      }
    }
  }

  private List<Path> directories() throws IOException {
    try (Stream<Path> entries = Files.list(parent)) {
      return entries.sorted().toList();
    }
  }

  @Test
  void aDirectoryIsDeletedWithItsFiles() throws IOException {
    try (Scratch scratch = Scratch.in(parent)) {
      Files.writeString(scratch.directory("cell").resolve("run-0"), "rows");
      assertThat(directories()).hasSize(1);
    }
    assertThat(directories()).isEmpty();
  }

  @Test
  void directoriesOfThisProcessAreKept() throws IOException {
    try (Scratch first = Scratch.in(parent)) {
      Path cell = first.directory("cell");
      try (Scratch second = Scratch.in(parent)) {
        assertThat(second.directory("cell")).isNotEqualTo(cell);
      }
      // The lock is still held, too.
      try (Scratch third = Scratch.in(parent)) {
        assertThat(third.directory("cell")).exists();
      }
      assertThat(cell).exists();
    }
  }

  @Test
  void aDirectoryOfAnotherProcessIsKeptUntilThatHasEnded() throws Exception {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                parent.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(holder.inputReader().readLine()).isEqualTo("ready");
      Path held = directories().get(0);

      Scratch.in(parent).close();
      assertThat(held.resolve("cell/run-0")).exists();

      holder.getOutputStream().close();
      assertThat(holder.waitFor()).isEqualTo(1);
      assertThat(held).exists();
      Scratch.in(parent).close();
      assertThat(held).doesNotExist();
    } finally {
      holder.destroyForcibly();
    }
  }

  @Test
  void aDirectoryWithoutALockIsDeletedWhenItIsOld() throws IOException {
    Path young = Files.createDirectories(parent.resolve("unlocked-scratch-1"));
    Path old = Files.createDirectories(parent.resolve("unlocked-scratch-2"));
    Path other = Files.createDirectories(parent.resolve("another"));
    for (Path directory : List.of(old, other)) {
      Files.setLastModifiedTime(directory, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
    }

    Scratch.in(parent).close();

    assertThat(directories()).containsExactlyInAnyOrder(young, other);
  }
}

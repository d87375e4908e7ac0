package dev.kiln.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path directory;

  @Test
  void sha256OfTextBytesAndFilesIsThatOfTheStandard() throws Exception {
    Path file = Files.writeString(directory.resolve("abc"), "abc");
    assertThat(Sha256.hex("abc")).isEqualTo(ABC);
    assertThat(Sha256.hex(new byte[] {'a', 'b', 'c'})).isEqualTo(ABC);
    assertThat(Sha256.hex(file)).isEqualTo(ABC);
  }

  @Test
  void deleteRemovesATreeAndLeavesWhatLinksPointTo() throws Exception {
    Path kept = Files.createDirectories(directory.resolve("kept"));
    Files.writeString(kept.resolve("file"), "x");
    Path tree = Files.createDirectories(directory.resolve("tree/a/b"));
    Files.writeString(tree.resolve("file"), "x");
    Files.createSymbolicLink(tree.resolve("link"), kept);
    FileTrees.delete(directory.resolve("tree"));
    assertThat(directory.resolve("tree")).doesNotExist();
    assertThat(kept.resolve("file")).exists();
    FileTrees.delete(directory.resolve("no such"));
  }

  @Test
  void severalThreadsDeleteTheSameTreeWhileFilesAppear() throws Exception {
    Path tree = directory.resolve("shared");
    for (int i = 0; i < 200; i++) {
      Files.writeString(Files.createDirectories(tree.resolve("d" + i % 10)).resolve("f" + i), "");
    }
    Path late = tree.resolve("d5");
    try (Workers workers = new Workers("delete", 4)) {
      workers.forEach(
          List.of(0, 1, 2, 3),
          i -> {
            if (i == 0) {
              try {
                for (int n = 0; n < 20; n++) {
                  Files.writeString(late.resolve("late" + n), "");
                }
              } catch (NoSuchFileException e) {
                // Deleted already.
              }
            } else {
              FileTrees.delete(tree);
            }
          });
    }
    assertThat(tree).doesNotExist();
  }
}

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SceneListFileTest {
  @TempDir Path folder;

  private static void write(Path target, String... keys) throws IOException {
    try (SceneListFile list = SceneListFile.create("-o", target)) {
      for (String key : keys) {
        list.add(key);
      }
      list.commit();
    }
  }

  @Test
  void writesPlainTextAndMakesTheFolder() throws IOException {
    Path target = folder.resolve("new/scenes.txt");

    write(target, "a/b.tif", "ä.tif");

    assertThat(target).hasContent("a/b.tif\nä.tif\n");
    assertThat(Files.list(folder.resolve("new"))).containsExactly(target);
    Path plain = Files.createFile(folder.resolve("plain"));
    assertThat(Files.getPosixFilePermissions(target))
        .isEqualTo(Files.getPosixFilePermissions(plain));
  }

  @Test
  void writesTheSameGzipForTheSameKeys() throws IOException {
    Path one = folder.resolve("one.txt.gz");
    Path two = folder.resolve("two.txt.gz");

    write(one, "a", "b");
    write(two, "a", "b");

    assertThat(one).hasSameBinaryContentAs(two);
    SceneList read = SceneList.read("one", () -> Files.newInputStream(one), Shard.whole());
    assertThat(read.keys()).containsExactly("a", "b");
  }

  @Test
  void leavesWhatWasThereUnlessCommitted() throws IOException {
    Path target = folder.resolve("scenes.txt");
    write(target, "old");

    SceneListFile given = SceneListFile.create("-o", target);
    given.add("new");
    given.close();
    given.close();

    assertThat(target).hasContent("old\n");
    assertThat(Files.list(folder)).containsExactly(target);
    assertThatThrownBy(given::commit).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesAPlaceThatCannotBeWritten() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> SceneListFile.create("-o", file.resolve("scenes.txt")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("-o " + file);
    assertThatThrownBy(() -> SceneListFile.create("-o", folder))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("found a directory");
  }
}

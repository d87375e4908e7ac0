package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  void oddKeysAreReadAsTheyWereWritten() throws IOException {
    List<String> keys = List.of("#1.json", " 2.json ", "\\3.json", "a#b c.json");
    Path path = folder.resolve("odd.txt");
    try (SceneListFile file = SceneListFile.create("-o", path)) {
      for (String key : keys) {
        file.add(key);
      }
      file.commit();
    }
    assertThat(SceneList.read("odd", () -> Files.newInputStream(path), Shard.whole()).keys())
        .isEqualTo(keys);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "a\u001b[2J", "a\ud800", ""})
  void keyThatALineCannotHoldIsRefused(String key) throws IOException {
    try (SceneListFile file = SceneListFile.create("-o", folder.resolve("bad.txt"))) {
      assertThatThrownBy(() -> file.add(key))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("cannot be listed");
    }
  }

  @Test
  void keysWithOneOutputAreRefused() throws IOException {
    Path path = folder.resolve("collision.txt.gz");
    try (SceneListFile file = SceneListFile.create("-o", path)) {
      file.add("a/x.json");
      file.add("a/y.tif");
      file.add("a/x.geojson");
      assertThatThrownBy(file::commit)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'a/x.json' and 'a/x.geojson' have the same output a/x.parquet");
    }
    assertThat(path).doesNotExist();
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

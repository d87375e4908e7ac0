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
  @TempDir Path directory;

  private static void write(Path target, String... keys) throws IOException {
    try (SceneListFile list = SceneListFile.create("-o", target)) {
      for (String key : keys) {
        list.add(key);
      }
      list.commit();
    }
  }

  @Test
  void writesPlainTextAndCreatesTheDirectory() throws IOException {
    Path target = directory.resolve("new/scenes.txt");

    write(target, "a/b.tif", "ä.tif");

    assertThat(target).hasContent("a/b.tif\nä.tif\n");
    assertThat(Files.list(directory.resolve("new"))).containsExactly(target);
    Path plain = Files.createFile(directory.resolve("plain"));
    assertThat(Files.getPosixFilePermissions(target))
        .isEqualTo(Files.getPosixFilePermissions(plain));
  }

  @Test
  void writesTheSameGzipForTheSameKeys() throws IOException {
    Path one = directory.resolve("one.txt.gz");
    Path two = directory.resolve("two.txt.gz");

    write(one, "a", "b");
    write(two, "a", "b");

    assertThat(one).hasSameBinaryContentAs(two);
    SceneList read = SceneList.read("one", () -> Files.newInputStream(one), Shard.whole());
    assertThat(read.keys()).containsExactly("a", "b");
  }

  @Test
  void unusualKeysAreReadAsTheyWereWritten() throws IOException {
    List<String> keys = List.of("#1.json", " 2.json ", "\\3.json", "a#b c.json");
    Path path = directory.resolve("odd.txt");
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
  void keyThatDoesNotFitALineIsRejected(String key) throws IOException {
    try (SceneListFile file = SceneListFile.create("-o", directory.resolve("bad.txt"))) {
      assertThatThrownBy(() -> file.add(key))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("expected Unicode text");
    }
  }

  @Test
  void keysWithTheSameOutputAreRejected() throws IOException {
    Path path = directory.resolve("collision.txt.gz");
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
  void keepsTheExistingFileUnlessCommitted() throws IOException {
    Path target = directory.resolve("scenes.txt");
    write(target, "old");

    SceneListFile given = SceneListFile.create("-o", target);
    given.add("new");
    given.close();
    given.close();

    assertThat(target).hasContent("old\n");
    assertThat(Files.list(directory)).containsExactly(target);
    assertThatThrownBy(given::commit).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void rejectsATargetThatCannotBeWritten() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> SceneListFile.create("-o", file.resolve("scenes.txt")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("-o " + file);
    assertThatThrownBy(() -> SceneListFile.create("-o", directory))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("found a directory");
  }
}

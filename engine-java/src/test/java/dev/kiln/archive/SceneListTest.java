package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SceneListTest {
  private static final String NAME = "--scenes list.txt";

  private static SceneList read(byte[] list, Shard shard) throws IOException {
    return SceneList.read(NAME, () -> new ByteArrayInputStream(list), shard);
  }

  private static SceneList read(String list, Shard shard) throws IOException {
    return read(list.getBytes(StandardCharsets.UTF_8), shard);
  }

  private static Shard shard(int index, String itemsPerJob, String shards) {
    return Shard.resolve(Map.of(), new Shard.Options(String.valueOf(index), itemsPerJob, shards));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\nb\nc",
        "a\r\nb\r\nc\r\n",
        "\uFEFFa\n\n b \n# no scene\nc\n\n",
        "\uFEFFa\n\uFEFFb\nc\n"
      })
  void readsOneKeyPerLine(String text) throws IOException {
    SceneList list = read(text, Shard.whole());

    assertThat(list.keys()).containsExactly("a", "b", "c");
    assertThat(list.total()).isEqualTo(3);
    assertThat(read(MemoryObjects.gzip(text), Shard.whole())).isEqualTo(list);
  }

  @Test
  void emptyListIsRejected() {
    for (String text : List.of("", "#\n\n")) {
      assertThatThrownBy(() -> read(text, shard(0, null, null)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith(NAME + ": expected at least one scene, found an empty list");
    }
  }

  @Test
  void escapedKeysAreReadUnchanged() throws IOException {
    assertThat(read("\\#a\n\\ b \n\\\\c\n\\\uFEFFd\n#e\n", Shard.whole()).keys())
        .containsExactly("#a", " b ", "\\c", "\uFEFFd");
    assertThat(KeyLines.line("\uFEFFd")).isEqualTo("\\\uFEFFd");
  }

  @Test
  void scenesWithTheSameOutputAreRejected() throws IOException {
    String text = "a/x.json\na/y.json\na/x.geojson\na/LC08.T1\na/LC08.T2\n";
    assertThatThrownBy(() -> read(text, Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'a/x.json' and 'a/x.geojson' have the same output a/x.parquet");
    // The other scene may be in another shard.
    assertThatThrownBy(() -> read(text, shard(0, "1", null)))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> read(text, shard(2, "1", null)))
        .isInstanceOf(ConfigurationException.class);
    assertThat(read(text, shard(1, "1", null)).keys()).containsExactly("a/y.json");
    assertThat(read(text, shard(4, "1", null)).keys()).containsExactly("a/LC08.T2");
  }

  @Test
  void dropsAndReportsDuplicates() throws IOException {
    SceneList list = read("a\nb\na\nc\nb\na\n", Shard.whole());

    assertThat(list.keys()).containsExactly("a", "b", "c");
    assertThat(list.duplicates()).containsExactly("a", "b", "a");
    assertThat(list.total()).isEqualTo(6);
  }

  @Test
  void keepsOnlyTheSliceOfTheShard() throws IOException {
    String text = "# head\n" + String.join("\n", keys(25)) + "\n";

    assertThat(read(text, shard(1, "10", null)).keys()).isEqualTo(keys(25).subList(10, 20));
    assertThat(read(text, shard(2, "10", null)).keys()).isEqualTo(keys(25).subList(20, 25));
    SceneList beyond = read(text, shard(3, "10", null));
    assertThat(beyond.keys()).isEmpty();
    assertThat(beyond.total()).isEqualTo(25);
    assertThat(beyond.description()).contains("no scenes of 25", "beyond the list");
  }

  @Test
  void shardsTogetherContainTheWholeList() throws IOException {
    byte[] gzip = MemoryObjects.gzip(String.join("\r\n", keys(1003)));
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      all.addAll(read(gzip, shard(i, null, "7")).keys());
    }

    assertThat(all).isEqualTo(keys(1003));
  }

  @Test
  void opensTheListTwiceOnlyToCountIt() throws IOException {
    AtomicInteger opened = new AtomicInteger();
    SceneList.Source source =
        () -> {
          opened.incrementAndGet();
          return new ByteArrayInputStream("a\nb\n".getBytes(StandardCharsets.UTF_8));
        };

    SceneList.read(NAME, source, shard(0, "1", null));
    assertThat(opened).hasValue(1);
    SceneList.read(NAME, source, shard(0, null, "2"));
    assertThat(opened).hasValue(3);
  }

  @Test
  void errorsNameAListThatIsNotText() {
    byte[] utf16 = "\uFEFFscene.tif\n".getBytes(StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> read(utf16, Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(NAME + ": expected UTF-8 text");
    for (Charset charset : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      byte[] withoutMark = "scene.tif\r\nother.tif\r\n".getBytes(charset);
      assertThatThrownBy(() -> read(withoutMark, Shard.whole()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("iconv -f UTF-16 -t UTF-8");
    }
    byte[] gzip = MemoryObjects.gzip("a\nb\n");
    assertThatThrownBy(() -> read(Arrays.copyOf(gzip, gzip.length - 4), Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(NAME + ": damaged gzip");
    assertThatThrownBy(() -> read(new byte[] {0x1f, (byte) 0x8b, 7}, Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(NAME + ": damaged gzip");
  }

  private static List<String> keys(int count) {
    return IntStream.range(0, count).mapToObj(i -> "scene-" + i).toList();
  }
}

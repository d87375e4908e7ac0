package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.awsbatch.PackedList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Scene lists that have items themselves. */
class ItemLineTest {
  private static ObjectNode item(String id) {
    ObjectNode item = JsonMapper.shared().createObjectNode().put("type", "Feature").put("id", id);
    item.put("collection", "c");
    item.putObject("properties")
        .put("datetime", "2024-03-01T00:00:00Z")
        .put("note", "ä\u0085\n\u2028");
    ObjectNode assets = item.putObject("assets");
    assets.putObject("red").put("href", "https://h.example/r.tif").put("type", "image/tiff");
    assets.putObject("thumbnail").put("href", "t.jpg").put("type", "image/jpeg");
    item.putArray("links").addObject().put("rel", "self").put("href", "https://h.example/i");
    return item;
  }

  private static SceneList read(String list, Shard shard) throws IOException {
    return SceneList.read(
        "--scenes x", () -> new ByteArrayInputStream(list.getBytes(StandardCharsets.UTF_8)), shard);
  }

  private static Shard shard(int index) {
    return Shard.resolve(Map.of(), new Shard.Options(Integer.toString(index), "1", null));
  }

  @Test
  void itemsAreReadAsTheyWereWritten() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SceneListFile list = SceneListFile.to(bytes);
    list.add("plain/key.json");
    for (String id : List.of("i1", "{odd\u001b[2J")) {
      ObjectNode item = item(id);
      list.add(ItemLine.of(ItemLine.keyById(item), item).orElseThrow());
    }
    list.add("{brace.json");
    list.commit();
    String text = bytes.toString(StandardCharsets.UTF_8);
    // One line per scene, whatever their texts have.
    assertThat(text.lines()).hasSize(4);
    assertThat(text.chars().filter(c -> c != '\n').allMatch(c -> c >= 0x20 && c < 0x7f)).isTrue();
    assertThat(text)
        .contains("{\"kiln:item\":1,\"kiln:key\":\"c/i1.json\",")
        .doesNotContain("t.jpg");
    SceneList read = read(text, Shard.whole());
    assertThat(read.keys())
        .containsExactly("plain/key.json", "c/i1.json", "c/{odd%1B[2J.json", "{brace.json");
    assertThat(read.items()).containsOnlyKeys("c/i1.json", "c/{odd%1B[2J.json");
    StacItem item =
        StacItem.parse("c/i1.json", read.items().get("c/i1.json").getBytes(StandardCharsets.UTF_8));
    assertThat(item.id()).isEqualTo("i1");
    assertThat(item.assets()).containsOnlyKeys("red");
  }

  @Test
  void onlyTheItemsOfTheShardAreKept() throws IOException {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      ObjectNode item = item("i" + i);
      list.append(ItemLine.of("k" + i + ".json", item).orElseThrow().text()).append('\n');
    }
    assertThat(read(list.toString(), shard(3)).items()).containsOnlyKeys("k3.json");
    assertThat(read(list.toString(), shard(9)).items()).isEmpty();
  }

  @Test
  void linesOfOtherProgramsAreNamedByLocationOrCollectionAndId() throws IOException {
    ObjectNode relative = item("i2");
    relative.putArray("links").addObject().put("rel", "self").put("href", "./i2.json");
    String list = " " + item("i1") + " \r\n" + relative + "\n";
    assertThat(read(list, Shard.whole()).keys())
        .containsExactly("https://h.example/i", "c/i2.json");
  }

  @Test
  void aLineThatIsNoItemFailsOnlyItsScene() throws IOException {
    SceneList list = read("{\"id\":\"x\",\"assets\":7}\na.json\n", Shard.whole());
    assertThat(list.keys()).containsExactly("x.json", "a.json");
    byte[] json = list.items().get("x.json").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> StacItem.parse("x.json", json)).isInstanceOf(SceneException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\": |line 2: expected a scene key or a STAC item, found damaged JSON",
        "{\"features\":[]}|line 2: expected a scene key or a STAC item, found a FeatureCollection",
        "{\"a\":1}|line 2: expected a scene key or a STAC item, found JSON without an id",
        "{\"kiln:item\":2,\"kiln:key\":\"k\"}|line 2: expected kiln:item 1, found 2: read the list"
      })
  void damagedLinesAreRefused(String line, String message) {
    assertThatThrownBy(() -> read("key.json\n" + line + "\n", Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--scenes x: " + message);
  }

  @Test
  void hugeLinesAndItemsAreRefused() {
    String huge = "x".repeat(ItemLine.MAX_LENGTH + 1);
    assertThatThrownBy(() -> read("a.json\n" + huge + "\n", Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("line 2: expected at most 1,048,576 characters, found more");
    ObjectNode item = item("i");
    item.withObjectProperty("properties").put("note", huge);
    assertThat(ItemLine.of("k", item)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://h.example/items?id=1\nhttps://h.example/items?id=2\n",
        "s3://b/x.json\ngs://b/x.json\n",
        "h.example/x.json\nhttps://h.example/x.json\n"
      })
  void urisThatShareAnOutputAreRefused(String list) {
    assertThatThrownBy(() -> read(list, Shard.whole()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("have the same output");
  }

  @Test
  void anEmptyKeyStaysOne() throws IOException {
    List<SceneLine> lines = new ArrayList<>();
    byte[] text = "\\\n\\ \n".getBytes(StandardCharsets.UTF_8);
    SceneList.lines("x", () -> new ByteArrayInputStream(text), lines::add);
    assertThat(lines).extracting(SceneLine::key).containsExactly("", " ");
    assertThat(lines).extracting(SceneLine::text).containsExactly("\\", "\\ ");
  }

  @Test
  void packedListsKeepItemsAndEscapedKeys() throws IOException {
    String text = item("i1") + "\n\\#odd.json\nplain.json\n" + item("i1") + "\n";
    PackedList packed =
        PackedList.of(
            "--scenes x", () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    assertThat(packed.scenes()).isEqualTo(4);
    assertThat(packed.duplicates()).isEqualTo(1);
    List<SceneLine> lines = new ArrayList<>();
    SceneList.lines("x", () -> new ByteArrayInputStream(packed.gzip()), lines::add);
    assertThat(lines)
        .extracting(SceneLine::key)
        .containsExactly("https://h.example/i", "#odd.json", "plain.json", "https://h.example/i");
    assertThat(lines).extracting(SceneLine::isItem).containsExactly(true, false, false, true);
  }
}

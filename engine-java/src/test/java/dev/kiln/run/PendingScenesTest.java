package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.testing.MemoryStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PendingScenesTest {
  @TempDir Path directory;
  private final RunCounters counters = new RunCounters(new FirstScenes(new MemoryStore()));

  private static List<String> all(PendingScenes keys) throws Exception {
    List<String> all = new ArrayList<>();
    for (Optional<PendingScene> next = keys.next(); next.isPresent(); next = keys.next()) {
      assertThat(next.get().outputKey()).endsWith(".parquet");
      all.add(next.get().sceneKey());
    }
    assertThat(keys.next()).isEmpty();
    return all;
  }

  @Test
  void returnsTheScenesWithoutAFileInOrderAfterAFewThatAreSpread() throws Exception {
    List<String> keys = new ArrayList<>();
    List<String> open = new ArrayList<>();
    try (ObjectStore out = ObjectStores.open(directory.toString())) {
      for (int i = 0; i < 2500; i++) {
        String key = "a/%04d.tif".formatted((i * 7) % 2500);
        keys.add(key);
        if (i % 500 == 3) {
          out.put(key.replace(".tif", ".parquet"), new byte[] {1});
        } else {
          open.add(key);
        }
      }
      List<String> found = all(new PendingScenes(keys, out, false, counters, existing -> existing));
      // The first block has 998 scenes without a file; the first of them are 124 apart.
      List<String> first =
          IntStream.range(0, FirstScenes.COUNT).mapToObj(i -> open.get(124 * i)).toList();
      assertThat(found.subList(0, FirstScenes.COUNT)).isEqualTo(first);
      List<String> others = new ArrayList<>(open);
      others.removeAll(first);
      assertThat(found.subList(FirstScenes.COUNT, found.size())).isEqualTo(others);
      assertThat(counters.counts().alreadyDone()).isEqualTo(5);
      assertThat(all(new PendingScenes(keys, out, true, counters, existing -> existing)))
          .containsExactlyInAnyOrderElementsOf(keys);
      assertThat(all(new PendingScenes(List.of(), out, false, counters, existing -> existing)))
          .isEmpty();
    }
  }

  @Test
  void aKeyThatNamesNoFileFailsAlone() throws Exception {
    try (ObjectStore out = ObjectStores.open(directory.toString())) {
      PendingScenes keys =
          new PendingScenes(
              List.of("a.tif", "../b.tif", "nul\0.tif", "c.tif"),
              out,
              false,
              counters,
              existing -> existing);
      assertThat(all(keys)).containsExactly("a.tif", "c.tif");
      assertThat(counters.failures())
          .extracting(FailedScene::key)
          .containsExactly("../b.tif", "nul\0.tif");
    }
  }
}

package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PendingScenesTest {
  @TempDir Path folder;
  private final RunCounters tally = new RunCounters();

  private static List<String> all(PendingScenes keys) throws IOException {
    List<String> all = new ArrayList<>();
    for (String key = keys.next(); key != null; key = keys.next()) {
      all.add(key);
    }
    assertThat(keys.next()).isNull();
    return all;
  }

  @Test
  void handsOutInOrderWhatHasNoFileYet() throws IOException {
    List<String> keys = new ArrayList<>();
    List<String> open = new ArrayList<>();
    try (ObjectStore out = ObjectStores.open(folder.toString())) {
      for (int i = 0; i < 2500; i++) {
        String key = "a/%04d.tif".formatted((i * 7) % 2500);
        keys.add(key);
        if (i % 500 == 3) {
          out.put(key.replace(".tif", ".parquet"), new byte[] {1});
        } else {
          open.add(key);
        }
      }
      assertThat(all(new PendingScenes(keys, out, false, tally))).isEqualTo(open);
      assertThat(tally.counts().alreadyDone()).isEqualTo(5);
      assertThat(all(new PendingScenes(keys, out, true, tally))).isEqualTo(keys);
      assertThat(all(new PendingScenes(List.of(), out, false, tally))).isEmpty();
    }
  }

  @Test
  void keyThatNamesNoFileFailsAlone() throws IOException {
    try (ObjectStore out = ObjectStores.open(folder.toString())) {
      PendingScenes keys =
          new PendingScenes(List.of("a.tif", "../b.tif", "c.tif"), out, false, tally);
      assertThat(all(keys)).containsExactly("a.tif", "c.tif");
      assertThat(tally.failures()).extracting(FailedScene::key).containsExactly("../b.tif");
    }
  }
}

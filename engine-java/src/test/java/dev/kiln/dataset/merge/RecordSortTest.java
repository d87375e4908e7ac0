package dev.kiln.dataset.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordSortTest {
  @TempDir private Path dir;

  private record Entry(int key, byte[] bytes) {
    @Override
    public String toString() {
      return key + ":" + HexFormat.of().formatHex(bytes);
    }
  }

  @ParameterizedTest
  @CsvSource({"1000000, 0", "100000, 1", "20000, 8", "40, 900"})
  void recordsAreOrderedByKeyThenBytes(int memory, int atLeastRuns) throws IOException {
    Random random = new Random(5);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      byte[] bytes = new byte[random.nextInt(100)];
      random.nextBytes(bytes);
      entries.add(new Entry(random.nextInt(200) << 22 | random.nextInt(2), bytes));
    }
    entries.addAll(entries.subList(0, 50));

    List<String> sorted = new ArrayList<>();
    try (RecordSort sort = new RecordSort(dir, memory)) {
      for (Entry entry : entries) {
        sort.add(entry.key(), ByteBuffer.wrap(entry.bytes()));
      }
      assertThat(sort.records()).isEqualTo(3050);
      assertThat(sort.spilledRuns()).isGreaterThanOrEqualTo(atLeastRuns);
      try (RecordSort.Cursor cursor = sort.sorted()) {
        while (cursor.next()) {
          byte[] bytes = new byte[cursor.record().remaining()];
          cursor.record().get(bytes);
          sorted.add(new Entry(cursor.key(), bytes).toString());
        }
      }
    }

    entries.sort(
        Comparator.comparingInt(Entry::key)
            .thenComparing((a, b) -> Arrays.compareUnsigned(a.bytes(), b.bytes())));
    assertThat(sorted).isEqualTo(entries.stream().map(Entry::toString).toList());
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aSortWithoutRecordsIsEmpty() throws IOException {
    try (RecordSort sort = new RecordSort(dir, 1000);
        RecordSort.Cursor cursor = sort.sorted()) {
      assertThat(cursor.next()).isFalse();
    }
  }
}

package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SampleTables;
import dev.kiln.testing.ForwardingStore;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExistingFilesTest {
  @TempDir Path directory;
  private ObjectStore out;
  private final List<String> opened = new ArrayList<>();
  private final Set<String> keys = new TreeSet<>();

  private static Provenance provenance(String modelHash, String chipSize) {
    return new Provenance(
        "1", modelHash, "micro", "onednn", DataType.FP32, Map.of("chip", chipSize));
  }

  @BeforeEach
  void aHundredFiles() throws IOException {
    ObjectStore store = ObjectStores.open(directory.toString());
    out =
        new ForwardingStore(store) {
          @Override
          protected void opening(String key) {
            opened.add(key);
          }
        };
    for (int i = 0; i < 100; i++) {
      String key = "%02d.parquet".formatted(i);
      keys.add(key);
      out.put(key, GeoParquetWriter.toBytes(SampleTables.table(2, 8), provenance("a", "256")));
    }
  }

  private Set<String> check(Provenance provenance, boolean all) throws Exception {
    return new ExistingFiles(out, provenance, all).complete(keys);
  }

  @Test
  void aSampleIsCheckedUnlessAllAreRequested() throws Exception {
    assertThat(check(provenance("a", "256"), false)).isEqualTo(keys);
    assertThat(opened.size()).isBetween(8, 10);
    opened.clear();
    assertThat(check(provenance("a", "256"), true)).isEqualTo(keys);
    assertThat(opened).hasSize(100);
  }

  @Test
  void filesOfAnotherModelAreRefused() {
    assertThatThrownBy(() -> check(provenance("b", "128"), false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("model hash: expected b, found a; chip: expected 128, found 256")
        .hasMessageContaining("use --overwrite or another --out");
  }

  private static Provenance statistics(String hash) {
    return new Provenance(
        "1",
        "a",
        "micro",
        "onednn",
        DataType.FP32,
        Map.of("chip", "256", Embedder.STATISTICS, hash));
  }

  /** Files of earlier versions do not record that they were made with the standard statistics. */
  @Test
  void filesOfOtherStatisticsOfBandsAreRefused() throws Exception {
    assertThat(check(statistics(Embedder.STANDARD_STATISTICS), false)).isEqualTo(keys);
    assertThatThrownBy(() -> check(statistics("0123456789abcdef"), false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("statistics: expected 0123456789abcdef, found standard")
        .hasMessageContaining("use --overwrite or another --out");
    for (String key : keys) {
      byte[] own =
          GeoParquetWriter.toBytes(SampleTables.table(2, 8), statistics("0123456789abcdef"));
      out.put(key, own);
    }
    assertThat(check(statistics("0123456789abcdef"), true)).isEqualTo(keys);
    assertThatThrownBy(() -> check(statistics(Embedder.STANDARD_STATISTICS), false))
        .hasMessageContaining("statistics: expected standard, found 0123456789abcdef");
  }

  @Test
  void afterOneDamagedFileAllAreChecked() throws Exception {
    out.put("00.parquet", new byte[0]);
    out.put("57.parquet", "text".getBytes());
    Set<String> complete = check(provenance("a", "256"), false);
    assertThat(complete).hasSize(98).doesNotContain("00.parquet", "57.parquet");
  }

  @Test
  void anOutputThatCannotBeReadIsTrusted() throws Exception {
    ObjectStore writeOnly =
        new ForwardingStore(out) {
          @Override
          protected void opening(String key) throws IOException {
            throw new AccessDeniedException(key, null, "grant s3:GetObject");
          }
        };
    assertThat(new ExistingFiles(writeOnly, provenance("b", "256"), false).complete(keys))
        .isEqualTo(keys);
  }
}

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InventoryCsvTest {
  /** Returns the rows of a text that is read in chunks of at most {@code chunk} bytes. */
  private static List<List<String>> rows(String text, int columns, int chunk) throws IOException {
    ByteArrayInputStream bytes = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    FilterInputStream slow =
        new FilterInputStream(bytes) {
          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            return super.read(buffer, offset, Math.min(length, chunk));
          }
        };
    InventoryCsv csv = new InventoryCsv("part", slow, columns);
    List<List<String>> rows = new ArrayList<>();
    while (csv.next()) {
      List<String> row = new ArrayList<>();
      for (int i = 0; i < columns; i++) {
        row.add(csv.field(i));
      }
      rows.add(row);
      assertThat(csv.row()).isEqualTo(rows.size());
    }
    assertThat(csv.next()).isFalse();
    return rows;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void readsQuotedAndPlainFields(int chunk) throws IOException {
    String text = "\"b\",\"k,1\",\"3\"\r\nb,\"say \"\"k\"\"\n2\",\n\"\",\"\"\"\",x";

    assertThat(rows(text, 3, chunk))
        .containsExactly(
            List.of("b", "k,1", "3"), List.of("b", "say \"k\"\n2", ""), List.of("", "\"", "x"));
  }

  @Test
  void emptyTextHasNoRows() throws IOException {
    assertThat(rows("", 3, 10)).isEmpty();
  }

  @Test
  void readsRowsLongerThanItsBuffer() throws IOException {
    String longKey = "k".repeat(200_000);

    assertThat(rows("a,\"" + longKey + "\"\nb,c\n", 2, 1 << 16))
        .containsExactly(List.of("a", longKey), List.of("b", "c"));
  }

  @Test
  void comparesTheEndOfAField() throws IOException {
    InventoryCsv csv =
        new InventoryCsv(
            "part",
            new ByteArrayInputStream("\"b\",\"x/L2A.json\",1\n".getBytes(StandardCharsets.UTF_8)),
            3);
    csv.next();

    assertThat(csv.endsWith(1, "L2A.json".getBytes(StandardCharsets.UTF_8))).isTrue();
    assertThat(csv.endsWith(1, "L1C.json".getBytes(StandardCharsets.UTF_8))).isFalse();
    assertThat(csv.endsWith(0, "L2A.json".getBytes(StandardCharsets.UTF_8))).isFalse();
  }

  @Test
  void errorsNameTheRow() {
    assertThatThrownBy(() -> rows("a,b\na,b,c\n", 2, 100))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("part, row 2: expected 2 fields, found 3");
    assertThatThrownBy(() -> rows("a,b\na\n", 2, 100))
        .hasMessageStartingWith("part, row 2: expected 2");
    assertThatThrownBy(() -> rows("a,\"b\n", 2, 100))
        .hasMessage("part, row 1: a quote is not closed");
    assertThatThrownBy(() -> rows("a,\"" + "b\n".repeat(600_000), 2, 1 << 16))
        .hasMessageStartingWith("part, row 1: longer than");
  }
}

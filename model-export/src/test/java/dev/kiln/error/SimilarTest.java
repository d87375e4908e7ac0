package dev.kiln.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SimilarTest {
  private static final List<String> KNOWN = List.of("naip", "linz", "sentinel-2-l2a");

  @Test
  void findsTheNameThatIsMeant() {
    assertThat(Similar.likely("NAIPP", KNOWN)).hasValue("naip");
    assertThat(Similar.likely("niap", KNOWN)).hasValue("naip");
    assertThat(Similar.likely("sentinel-2", KNOWN)).hasValue("sentinel-2-l2a");
    assertThat(Similar.likely("landsat", KNOWN)).isEmpty();
    assertThat(Similar.likely("sentinel2-l2a", KNOWN)).hasValue("sentinel-2-l2a");
    assertThat(Similar.most("sentinel-2", KNOWN)).isEqualTo("sentinel-2-l2a");
  }

  @Test
  void countsEdits() {
    assertThat(Similar.edits("", "abc")).isEqualTo(3);
    assertThat(Similar.edits("abc", "abd")).isEqualTo(1);
    assertThat(Similar.edits("abc", "bc")).isEqualTo(1);
  }
}

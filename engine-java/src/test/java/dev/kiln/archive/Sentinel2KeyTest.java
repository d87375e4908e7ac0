package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Sentinel2KeyTest {
  private static final String KEY =
      "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json";

  @Test
  void parsesTheKeyOfAnItem() {
    Sentinel2Key key = Sentinel2Key.parse(KEY).orElseThrow();

    assertThat(key).isEqualTo(new Sentinel2Key("20HNJ", 2024, 3, 11, 'A', 0));
    assertThat(key.id()).isEqualTo("S2A_20HNJ_20240311_0_L2A");
    assertThat(key.key()).isEqualTo(KEY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sentinel-s2-l2a-cogs/2019/S2A_5QKB_20190105_0_L2A/S2A_5QKB_20190105_0_L2A.json",
        "other/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A.json",
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/03/S2A_20HNJ_20240311_0_L2A/"
            + "S2A_20HNJ_20240311_0_L2A.json",
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/4/S2A_20HNJ_20240311_0_L2A/"
            + "S2A_20HNJ_20240311_0_L2A.json",
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/S2A_20HNJ_20240311_0_L2A",
        "sentinel-s2-l2a-cogs/20/H/NJ/2024/13/S2A_20HNJ_20241311_0_L2A/"
            + "S2A_20HNJ_20241311_0_L2A.json",
        "L2A.json",
        ".json",
        ""
      })
  void rejectsOtherPaths(String key) {
    assertThat(Sentinel2Key.parse(key)).isEmpty();
  }

  @Test
  void packedKeysAreLosslessAndSortByTheirParts() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 10_000; i++) {
      Sentinel2Key key =
          new Sentinel2Key(
              (1 + random.nextInt(99)) + letters(random),
              2000 + random.nextInt(1000),
              1 + random.nextInt(12),
              1 + random.nextInt(31),
              letter(random),
              random.nextInt(1000));
      assertThat(Sentinel2Key.unpack(key.pack())).isEqualTo(key);
      assertThat(Sentinel2Key.parse(key.key())).contains(key);
    }
    List<Sentinel2Key> sorted =
        List.of(
            new Sentinel2Key("1CCV", 2024, 12, 31, 'B', 1),
            new Sentinel2Key("2CCV", 2018, 1, 1, 'A', 0),
            new Sentinel2Key("10CCV", 2018, 1, 1, 'A', 0),
            new Sentinel2Key("10CCV", 2018, 1, 1, 'A', 10),
            new Sentinel2Key("10CCV", 2018, 1, 1, 'B', 0),
            new Sentinel2Key("10CCV", 2018, 1, 2, 'A', 0),
            new Sentinel2Key("10CCV", 2018, 2, 1, 'A', 0),
            new Sentinel2Key("10CDA", 2017, 1, 1, 'A', 0),
            new Sentinel2Key("10DCA", 2017, 1, 1, 'A', 0));
    assertThat(sorted.stream().map(Sentinel2Key::pack)).isSorted();
  }

  @Test
  void processingsOfOneAcquisitionDifferOnlyInTheSequenceNumber() {
    long first = new Sentinel2Key("1CCV", 2024, 12, 31, 'B', 1).pack();
    long second = new Sentinel2Key("1CCV", 2024, 12, 31, 'B', 2).pack();
    long other = new Sentinel2Key("1CCV", 2024, 12, 31, 'A', 1).pack();

    assertThat(Sentinel2Key.tileDay(first)).isEqualTo(Sentinel2Key.tileDay(second));
    assertThat(Sentinel2Key.tileDay(first)).isNotEqualTo(Sentinel2Key.tileDay(other));
  }

  private static String letters(SplittableRandom random) {
    String letters = "CDEFGHJKLMNPQRSTUV";
    StringBuilder tile = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      tile.append(letters.charAt(random.nextInt(letters.length())));
    }
    return tile.toString();
  }

  private static char letter(SplittableRandom random) {
    return (char) ('A' + random.nextInt(26));
  }
}

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class Sentinel2InventoryTest {
  private static final String MANIFEST = "s3://lists/2024-10-03T01-00Z/manifest.json";
  private static final String OLD_PREFIX =
      "sentinel-s2-l2a-cogs/2019/S2A_5QKB_20190105_0_L2A/S2A_5QKB_20190105_0_L2A.json";

  private final MemoryObjects objects = new MemoryObjects();
  private final List<String> kept = new ArrayList<>();

  private static String key(String tile, int year, int month, int day, char satellite, int seq) {
    return new Sentinel2Key(tile, year, month, day, satellite, seq).key();
  }

  @BeforeEach
  void list() {
    put(
        List.of(
            key("33UUP", 2023, 9, 8, 'A', 0),
            key("33UUP", 2023, 9, 8, 'A', 0).replace(".json", ".tif"),
            "sentinel-s2-l2a-cogs/33/U/UP/2023/9/S2A_33UUP_20230908_0_L2A/B02.tif",
            OLD_PREFIX,
            key("1CCV", 2023, 5, 24, 'B', 0)),
        List.of(
            key("33UUP", 2023, 9, 8, 'A', 1),
            key("33UUP", 2023, 9, 8, 'B', 0),
            key("33UUP", 2018, 3, 14, 'A', 0),
            key("1CCV", 2023, 5, 24, 'B', 0),
            "sentinel-s2-l2a-cogs/33/U/UP/2023/S2A_33UUP_20230908_0_L2A.json"));
  }

  private void put(List<String> first, List<String> second) {
    objects
        .put(
            MANIFEST,
            """
            {"sourceBucket": "sentinel-cogs", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
             "files": [{"key": "0"}, {"key": "1"}]}\
            """)
        .put("s3://lists/0", MemoryObjects.gzip(rows(first)))
        .put("s3://lists/1", MemoryObjects.gzip(rows(second)));
  }

  private static String rows(List<String> keys) {
    StringBuilder rows = new StringBuilder();
    keys.forEach(key -> rows.append("\"b\",\"").append(key).append("\"\n"));
    return rows.toString();
  }

  private ListingStats select(
      Years years, Set<String> tiles, AreaOfInterest area, boolean latestOnly) throws IOException {
    return new Sentinel2Inventory(years, tiles, Optional.ofNullable(area), latestOnly)
        .select(S3Inventory.open(objects, MANIFEST), 2, kept::add);
  }

  @Test
  void latestSequenceNumberIsKeptOnRequest() throws IOException {
    ListingStats tally = select(Years.ALL, Set.of(), null, true);

    assertThat(kept)
        .containsExactly(
            key("1CCV", 2023, 5, 24, 'B', 0),
            key("33UUP", 2018, 3, 14, 'A', 0),
            key("33UUP", 2023, 9, 8, 'A', 1),
            key("33UUP", 2023, 9, 8, 'B', 0));
    assertThat(tally.kept()).isEqualTo(4);
    assertThat(tally.total()).isEqualTo(10);
    assertThat(tally.skipped())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "not an item", 2L,
                "item under the 2019 prefix", 1L,
                "item under another path", 1L,
                "listed twice", 1L,
                "lower sequence number", 1L));
  }

  @Test
  void everySequenceNumberIsKept() throws IOException {
    select(Years.ALL, Set.of(), null, false);

    assertThat(kept)
        .containsSubsequence(key("33UUP", 2023, 9, 8, 'A', 0), key("33UUP", 2023, 9, 8, 'A', 1))
        .doesNotHaveDuplicates()
        .hasSize(5);
  }

  @Test
  void resultDoesNotDependOnTheOrderOfRowsAndFiles() throws IOException {
    select(Years.ALL, Set.of(), null, false);
    List<String> before = List.copyOf(kept);
    kept.clear();
    put(
        List.of(
            key("33UUP", 2023, 9, 8, 'B', 0),
            key("33UUP", 2023, 9, 8, 'A', 1),
            key("1CCV", 2023, 5, 24, 'B', 0)),
        List.of(key("33UUP", 2018, 3, 14, 'A', 0), key("33UUP", 2023, 9, 8, 'A', 0)));
    select(Years.ALL, Set.of(), null, false);

    assertThat(kept).isEqualTo(before);
  }

  @Test
  void filtersByYearTileAndArea() throws IOException {
    ListingStats years =
        select(Years.between("--from", "2019", "--to", null), Set.of(), null, false);
    assertThat(years.skipped()).containsEntry("other year", 1L);
    assertThat(kept).hasSize(4);
    kept.clear();

    ListingStats tiles = select(Years.ALL, Sentinel2Inventory.tiles("T01CCV,20HNJ"), null, false);
    assertThat(tiles.skipped()).containsEntry("other tile", 4L);
    assertThat(kept).containsExactly(key("1CCV", 2023, 5, 24, 'B', 0));
    kept.clear();

    AreaOfInterest vienna =
        AreaOfInterest.read(
            new MemoryObjects()
                .put(
                    "vienna",
                    "{\"type\":\"Polygon\",\"coordinates\":"
                        + "[[[13.7,48.0],[16.5,48.0],[16.5,48.4],[13.7,48.4],[13.7,48.0]]]}"),
            "--aoi",
            "vienna");
    ListingStats area = select(Years.ALL, Set.of(), vienna, false);
    assertThat(area.skipped()).containsEntry("outside the area", 2L);
    assertThat(kept).hasSize(4).allMatch(key -> key.contains("33UUP"));
  }

  @Test
  void rejectsInvalidTilesAndYears() {
    assertThatThrownBy(() -> Sentinel2Inventory.tiles("20HNJ,Rome"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--tiles: expected an MGRS square such as 20HNJ, found 'Rome'");
    assertThatThrownBy(() -> Years.between("--from", "23", "--to", null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--from: expected years");
    assertThatThrownBy(() -> Years.between("--from", "2024", "--to", "2023"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--from: expected a year up to --to 2023, found 2024");
  }

  @Test
  void invalidTileIsOutsideAllAreas() throws IOException {
    put(List.of(key("20HAJ", 2023, 5, 24, 'B', 0)), List.of());
    AreaOfInterest world =
        AreaOfInterest.read(
            new MemoryObjects()
                .put(
                    "world",
                    "{\"type\":\"Polygon\",\"coordinates\":"
                        + "[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"),
            "--aoi",
            "world");

    assertThat(select(Years.ALL, Set.of(), world, false).skipped())
        .containsEntry("outside the area", 1L);
  }

  @Test
  void readsTheSampleInventory() throws IOException {
    Path sample =
        Path.of(
            System.getProperty("kiln.shared"),
            "samples/sentinel-cogs-inventory/sentinel-cogs/sentinel-cogs");
    assumeTrue(Files.isDirectory(sample), "no sample inventory at " + sample);
    ObjectSource files =
        new ObjectSource() {
          @Override
          public InputStream open(String uri) throws IOException {
            if (!Files.exists(Path.of(uri))) {
              throw new NoSuchFileException(uri);
            }
            return Files.newInputStream(Path.of(uri));
          }

          @Override
          public List<String> list(String uri) throws IOException {
            try (var entries = Files.list(Path.of(uri))) {
              return entries.map(entry -> entry.getFileName().toString()).toList();
            }
          }
        };
    S3Inventory inventory = S3Inventory.open(files, sample.toString());

    ListingStats tally =
        new Sentinel2Inventory(Years.ALL, Set.of(), Optional.empty(), true)
            .select(inventory, 2, kept::add);

    assertThat(inventory.sourceBucket()).isEqualTo("sentinel-cogs");
    assertThat(tally.total()).isEqualTo(936);
    assertThat(kept)
        .hasSize(51)
        .doesNotHaveDuplicates()
        .contains(
            "sentinel-s2-l2a-cogs/20/H/NJ/2024/3/S2A_20HNJ_20240311_0_L2A/"
                + "S2A_20HNJ_20240311_0_L2A.json")
        .noneMatch(key -> key.startsWith("sentinel-s2-l2a-cogs/2019/"));
    assertThat(tally.skipped())
        .containsOnly(Map.entry("not an item", 884L), Map.entry("item under the 2019 prefix", 1L));
  }
}

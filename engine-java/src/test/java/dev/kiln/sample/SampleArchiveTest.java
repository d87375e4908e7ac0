package dev.kiln.sample;

import static dev.kiln.gdal.global.gdal.GCI_AlphaBand;
import static dev.kiln.gdal.global.gdal.GCI_RedBand;
import static dev.kiln.gdal.global.gdal.GCI_Undefined;
import static dev.kiln.gdal.global.gdal.GDT_Byte;
import static dev.kiln.gdal.global.gdal.GDT_UInt16;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.ListingStats;
import dev.kiln.archive.NaipKey;
import dev.kiln.archive.NaipManifest;
import dev.kiln.archive.ObjectSource;
import dev.kiln.archive.S3Inventory;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Sentinel2Inventory;
import dev.kiln.archive.Shard;
import dev.kiln.archive.StacItem;
import dev.kiln.archive.Years;
import dev.kiln.export.Checkpoint;
import dev.kiln.model.Architecture;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads one sample with everything that reads archives. */
@Timeout(60)
class SampleArchiveTest {
  private static final SampleSize SIZE = new SampleSize(700, 530, 1100);
  private static final int NAIP = 4;

  @TempDir static Path directory;
  private static Path sample;
  private static final List<String> LOG = new ArrayList<>();

  @BeforeAll
  static void write() throws IOException {
    sample = directory.resolve("sample");
    SampleOptions options = new SampleOptions(SIZE, NAIP, 1, Architecture.named("micro"), 7);
    SampleArchive.write(sample, options, false, LOG::add);
  }

  private static List<String> keys(String list) throws IOException {
    Path file = sample.resolve(list);
    SceneList all = SceneList.read(list, () -> Files.newInputStream(file), Shard.whole());
    return all.keys();
  }

  private static OpenCog naip(int scene) throws IOException {
    String key = keys(SampleArchive.NAIP_SCENES).get(scene);
    return new OpenCog(sample.resolve(SampleArchive.NAIP).resolve(key));
  }

  private static OpenCog sentinel2(Sentinel2Band band) throws IOException {
    Path item =
        sample
            .resolve(SampleArchive.SENTINEL_2)
            .resolve(keys(SampleArchive.SENTINEL_2_SCENES).get(0));
    return new OpenCog(item.resolveSibling(band.file() + ".tif"));
  }

  @Test
  void writesTheDocumentedFilesOnly() throws IOException {
    try (Stream<Path> files = Files.walk(sample)) {
      assertThat(files.filter(Files::isRegularFile))
          .hasSize(NAIP + 1 + 12 + 3 + 4)
          .noneMatch(file -> file.toString().endsWith(".raw"));
    }
    try (Stream<Path> beside = Files.list(directory)) {
      assertThat(beside).containsExactly(sample);
    }
    assertThat(LOG).hasSize(NAIP + 2);
  }

  @Test
  void naipKeysDescribeTheScenes() throws Exception {
    List<String> keys = keys(SampleArchive.NAIP_SCENES);
    List<NaipKey> scenes = new ArrayList<>();
    for (String key : keys) {
      scenes.add(NaipKey.parse(key));
    }

    assertThat(keys).isEqualTo(SampleArchive.naipKeys(NAIP)).doesNotHaveDuplicates();
    assertThat(scenes).extracting(NaipKey::state).containsExactly("nd", "nd", "ca", "al");
    assertThat(scenes).extracting(NaipKey::year).containsExactly(2020, 2014, 2018, 2011);
    assertThat(scenes).extracting(NaipKey::gsd).containsExactly(0.6, 1.0, 0.6, 1.0);
    for (NaipKey scene : scenes) {
      assertThat(scene.acquired().getYear()).isEqualTo(scene.year());
      assertThat(sample.resolve(SampleArchive.NAIP).resolve(scene.key())).isNotEmptyFile();
    }
  }

  @Test
  void naipManifestListsScenesAmongOtherObjects() throws IOException {
    Path manifest = sample.resolve(SampleArchive.NAIP).resolve("manifest.txt");
    List<String> found = new ArrayList<>();
    ListingStats tally =
        NaipManifest.of(null, null, null)
            .select("manifest.txt", Files.newInputStream(manifest), found::add);

    assertThat(found).containsExactlyInAnyOrderElementsOf(keys(SampleArchive.NAIP_SCENES));
    assertThat(tally.total() - tally.kept()).isGreaterThan(5L * NAIP);
  }

  @Test
  void naipFilesAreCogsLikeThoseOfTheBucket() throws IOException {
    for (int i = 0; i < NAIP; i++) {
      try (OpenCog cog = naip(i)) {
        assertThat(cog.shape()).containsExactly(700, 530, 4);
        assertThat(cog.type()).isEqualTo(GDT_Byte);
        assertThat(cog.tile()).containsExactly(512, 512);
        assertThat(cog.structure("LAYOUT")).isEqualTo("COG");
        assertThat(cog.structure("COMPRESSION")).isEqualTo("DEFLATE");
        assertThat(cog.structure("PREDICTOR")).isNull();
        assertThat(cog.structure("INTERLEAVE")).isEqualTo("PIXEL");
        assertThat(cog.overviews()).isPositive();
        assertThat(cog.nodata()).isNaN();
        assertThat(cog.colour(1)).isEqualTo(GCI_RedBand);
        assertThat(cog.colour(4)).isEqualTo(i % 2 == 0 ? GCI_AlphaBand : GCI_Undefined);
      }
    }
  }

  @Test
  void naipScenesAreLocatedWhereTheirNamesSay() throws IOException {
    // m_4709963_se: sheet 63 of the block between 47 and 48 degrees north, 99 and 100 west.
    try (OpenCog cog = naip(0)) {
      double[] grid = cog.geotransform();
      double[] corner = new Utm(14, true).toDegrees(grid[0], grid[3]);

      assertThat(cog.epsg()).isEqualTo("26914");
      assertThat(grid[1]).isEqualTo(0.6);
      assertThat(grid[5]).isEqualTo(-0.6);
      assertThat(corner[0]).isBetween(-99.1875 - 0.01, -99.1875);
      assertThat(corner[1]).isBetween(47.0625, 47.0625 + 0.01);
    }
    try (OpenCog california = naip(2);
        OpenCog alabama = naip(3)) {
      assertThat(california.epsg()).isEqualTo("26911");
      assertThat(alabama.epsg()).isEqualTo("26916");
    }
  }

  @Test
  void nearInfraredIsHighOnPlantsAndLowOnWater() throws IOException {
    try (OpenCog cog = naip(0)) {
      float[] red = cog.pixels(1);
      float[] infrared = cog.pixels(4);
      int plants = 0;
      int water = 0;
      for (int i = 0; i < red.length; i++) {
        plants += infrared[i] > 120 && infrared[i] > 1.4 * red[i] ? 1 : 0;
        water += infrared[i] < 40 && red[i] > infrared[i] ? 1 : 0;
      }
      assertThat(plants).isGreaterThan(red.length / 10);
      assertThat(water).isGreaterThan(red.length / 100);
    }
  }

  @Test
  void sentinel2FilesAreCogsLikeThoseOfTheBucket() throws IOException {
    for (Sentinel2Band band : Sentinel2Band.values()) {
      int size = 1100 / band.repeat();
      try (OpenCog cog = sentinel2(band)) {
        assertThat(cog.shape()).containsExactly(size, size, 1);
        assertThat(cog.type()).isEqualTo(band == Sentinel2Band.SCL ? GDT_Byte : GDT_UInt16);
        assertThat(cog.tile()).containsExactly(band.tile(), band.tile());
        assertThat(cog.structure("LAYOUT")).isEqualTo("COG");
        assertThat(cog.structure("COMPRESSION")).isEqualTo("DEFLATE");
        assertThat(cog.structure("PREDICTOR")).isEqualTo("2");
        assertThat(cog.nodata()).isZero();
        assertThat(cog.epsg()).isEqualTo("32631");
        assertThat(cog.geotransform())
            .containsExactly(300_000, band.metres(), 0, 4_900_020, 0, -band.metres());
        assertThat(cog.overviews()).isEqualTo(size > band.tile() ? 1 : 0);
      }
    }
  }

  @Test
  void bandsAgreeWithTheClassification() throws IOException {
    try (OpenCog classes = sentinel2(Sentinel2Band.SCL);
        OpenCog redFile = sentinel2(Sentinel2Band.RED);
        OpenCog nirFile = sentinel2(Sentinel2Band.NIR);
        OpenCog swirFile = sentinel2(Sentinel2Band.SWIR16)) {
      float[] scl = classes.pixels(1);
      float[] red = redFile.pixels(1);
      float[] nir = nirFile.pixels(1);
      float[] swir = swirFile.pixels(1);
      int disagreeing = 0;
      long[] count = new long[12];
      double[] redSum = new double[12];
      double[] nirSum = new double[12];
      for (int i = 0; i < scl.length; i++) {
        int found = (int) scl[i];
        disagreeing += (swir[i] == 0) != (found == 0) ? 1 : 0;
        for (int j = 0; j < 4; j++) {
          int fine = (i / 550 * 2 + j / 2) * 1100 + i % 550 * 2 + j % 2;
          disagreeing += (red[fine] == 0) != (found == 0) ? 1 : 0;
          redSum[found] += red[fine] / 4;
          nirSum[found] += nir[fine] / 4;
        }
        count[found]++;
      }
      assertThat(disagreeing).isZero();
      // All classes that masking distinguishes are present.
      assertThat(List.of(count[0], count[3], count[4], count[5], count[6], count[8], count[9]))
          .allMatch(pixels -> pixels > 100);
      assertThat((double) count[0] / scl.length).isBetween(0.04, 0.07);
      assertThat(redSum[9] / count[9]).isGreaterThan(5000);
      assertThat(nirSum[4] / count[4]).isGreaterThan(2.5 * redSum[4] / count[4]);
      assertThat(nirSum[6] / count[6]).isLessThan(800);
      assertThat(nirSum[3] / count[3]).isLessThan(nirSum[4] / count[4]);
    }
  }

  @Test
  void stacItemDescribesTheScene() throws Exception {
    String key = keys(SampleArchive.SENTINEL_2_SCENES).get(0);
    byte[] json = Files.readAllBytes(sample.resolve(SampleArchive.SENTINEL_2).resolve(key));
    StacItem item = StacItem.parse(key, json);
    Scene scene = item.scene(PlatformCatalog.builtIn().get("sentinel-2-l2a"));

    assertThat(item.id()).isEqualTo("S2A_31TCJ_20230601_0_L2A");
    assertThat(item.boaOffsetApplied()).contains(true);
    assertThat(scene.datetime()).isEqualTo("2023-06-01T10:56:31Z");
    assertThat(scene.mask()).isPresent();
    assertThat(scene.bands().stream().map(band -> band.object().key()).distinct())
        .hasSize(10)
        .allSatisfy(
            asset ->
                assertThat(sample.resolve(SampleArchive.SENTINEL_2).resolve(asset))
                    .isNotEmptyFile());
  }

  @Test
  void inventoryListsTheItem() throws IOException {
    String folderOfSnapshots =
        sample.resolve(SampleArchive.INVENTORY).resolve("sentinel-cogs/sentinel-cogs").toString();
    S3Inventory inventory = S3Inventory.open(new LocalObjects(), folderOfSnapshots);
    List<String> found = new ArrayList<>();
    ListingStats tally =
        new Sentinel2Inventory(Years.ALL, Set.of(), Optional.empty(), false)
            .select(inventory, 2, found::add);

    assertThat(found).isEqualTo(keys(SampleArchive.SENTINEL_2_SCENES));
    assertThat(tally.skipped())
        .containsEntry("item under the 2019 prefix", 1L)
        .containsEntry("not an item", 13L);
  }

  @Test
  void checkpointHasTheRequestedSize() throws IOException {
    Path file = sample.resolve(SampleArchive.checkpoint(Architecture.named("micro")));

    assertThat(file).hasFileName("clay-micro-random.ckpt").isNotEmptyFile();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint).isNotNull();
    }
  }

  private static final class LocalObjects implements ObjectSource {
    @Override
    public InputStream open(String uri) throws IOException {
      return Files.newInputStream(Path.of(uri));
    }

    @Override
    public List<String> list(String uri) throws IOException {
      try (Stream<Path> entries = Files.list(Path.of(uri))) {
        return entries.map(entry -> entry.getFileName().toString()).toList();
      }
    }
  }
}

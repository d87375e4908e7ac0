package dev.kiln.explore;

import static dev.kiln.testing.TestMosaic.HEIGHT;
import static dev.kiln.testing.TestMosaic.WIDTH;
import static dev.kiln.testing.TestMosaic.pixel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.FileOptions;
import dev.kiln.archive.VrtFile;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.testing.TestMosaic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of a mosaic are those of one file with the same pixels. */
class MosaicPicturesTest {
  private static final Platform LINZ = PlatformCatalog.builtIn().get("linz");
  private static final int GREY = 0xff9a_a0a6;

  @TempDir Path directory;
  private TestMosaic mosaic;

  @BeforeEach
  void start() {
    mosaic = new TestMosaic(directory);
  }

  /** The whole ground as a virtual raster of one file. */
  private void plain() throws Exception {
    TestMosaic one = new TestMosaic(directory.resolve("plain"));
    one.part(0, 0, WIDTH, HEIGHT, "", file -> file);
    write("plain/a.vrt", one);
  }

  private void write(String name, TestMosaic vrt) throws Exception {
    Files.writeString(directory.resolve(name), vrt.vrt());
  }

  private interface Use<T> {
    T of(SceneImage image) throws Exception;
  }

  private <T> T use(String vrt, Use<T> use) throws Exception {
    FileOptions options =
        new FileOptions(Optional.of(Instant.EPOCH), Optional.empty(), Optional.empty());
    try (ObjectStore store = ObjectStores.open(directory.toString());
        SceneImage image =
            new SceneImage(
                store, () -> VrtFile.read(vrt, store::stream).scene(LINZ, options), LINZ.bands())) {
      T result = use.of(image);
      assertThat(image.heldBytes()).isPositive();
      return result;
    }
  }

  /** Draws the ground on a tile of a map that is a little larger. */
  private static int[] tile(SceneImage image) throws Exception {
    double[] lon = new double[TilePlaces.GRID];
    double[] lat = new double[TilePlaces.GRID];
    for (int i = 0; i < TilePlaces.GRID; i++) {
      double share = (double) i / (TilePlaces.GRID - 1);
      lon[i] = -99.0001 + 0.0022 * share;
      lat[i] = 46.95356 - 0.0014 * share;
    }
    int[] argb = new int[TilePlaces.TILE * TilePlaces.TILE];
    image.draw(lon, lat, argb);
    return argb;
  }

  private void equalsPlain() throws Exception {
    plain();
    write("mosaic.vrt", mosaic);
    int[] whole = use("plain/a.vrt", image -> image.window(-10, -10, 320));
    int[] found = use("mosaic.vrt", image -> image.window(-10, -10, 320));
    assertThat(found).isEqualTo(whole);
    int[] drawn = use("plain/a.vrt", MosaicPicturesTest::tile);
    found = use("mosaic.vrt", MosaicPicturesTest::tile);
    assertThat(found).isEqualTo(drawn);
    assertThat(Arrays.stream(drawn).filter(color -> color != 0).count())
        .isBetween(drawn.length / 2L, drawn.length - 1L);
    found = use("mosaic.vrt", image -> image.chip(290, 220, 64, true));
    whole = use("plain/a.vrt", image -> image.window(236, 166, 64));
    assertThat(found).isEqualTo(whole);
  }

  @Test
  void filesSideBySide() throws Exception {
    mosaic.sideBySide("", file -> file);
    equalsPlain();
  }

  @Test
  void laterFilesCoverEarlierOnes() throws Exception {
    mosaic.part(
        0, 0, 200, HEIGHT, "", file -> file.pixels((b, x, y) -> x < 150 ? pixel(b, x, y) : 250));
    mosaic.part(150, 0, 150, HEIGHT, "", file -> file);
    equalsPlain();
  }

  @Test
  void nodataCoversNothing() throws Exception {
    mosaic.part(0, 0, 200, HEIGHT, "<NODATA>9</NODATA>", file -> file);
    mosaic.part(
        150,
        0,
        150,
        HEIGHT,
        "<NODATA>9</NODATA>",
        file -> file.pixels((b, x, y) -> x < 50 ? 9 : pixel(b, 150 + x, y)));
    equalsPlain();
  }

  @Test
  void partsOfALargerFile() throws Exception {
    TestMosaic.ground(-20, -30, WIDTH + 40, HEIGHT + 50)
        .write(directory.resolve("tiles/large.tif"));
    for (int left : new int[] {0, 130}) {
      int width = left == 0 ? 130 : WIDTH - 130;
      mosaic.source(
          "large.tif",
          TestMosaic.rect("SrcRect", left + 20, 30, width, HEIGHT),
          TestMosaic.rect("DstRect", left, 0, width, HEIGHT),
          "");
    }
    equalsPlain();
  }

  @Test
  void gapsAreGrey() throws Exception {
    mosaic.part(0, 0, 90, HEIGHT, "", file -> file);
    mosaic.part(110, 0, 190, HEIGHT, "", file -> file);
    write("mosaic.vrt", mosaic);

    int[] row = use("mosaic.vrt", image -> image.window(80, 0, 40));

    for (int x = 0; x < 40; x++) {
      assertThat(row[x] == GREY).as("column %d", x).isEqualTo(x >= 10 && x < 30);
    }
  }

  /** A tile that shows more files than can be read for it is left empty; chips are not. */
  @Test
  void manyFilesAreNotReadForOneTile() throws Exception {
    for (int i = 0; i < 75; i++) {
      mosaic.part(i * 4, 0, 4, HEIGHT, "", file -> file);
    }
    plain();
    write("mosaic.vrt", mosaic);

    int[] chip = use("mosaic.vrt", image -> image.window(0, 0, 64));
    int[] expected = use("plain/a.vrt", image -> image.window(0, 0, 64));
    assertThat(chip).isEqualTo(expected);
    int[] empty = use("mosaic.vrt", MosaicPicturesTest::tile);
    assertThat(empty).containsOnly(0);
  }
}

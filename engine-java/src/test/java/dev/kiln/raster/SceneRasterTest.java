package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Strips contain the pixels of their files, wherever their edges are. */
class SceneRasterTest {
  private static final long WHOLE = Long.MAX_VALUE;

  @TempDir Path directory;
  private final BufferPool pool = new BufferPool();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    pool.close();
    for (AutoCloseable thing : open) {
      thing.close();
    }
  }

  private CogFile file(String name, GeoTiffs tiff) throws IOException, SceneException {
    return file(name, tiff, TileDecoder.NATIVE);
  }

  private CogFile file(String name, GeoTiffs tiff, TileDecoder decoder)
      throws IOException, SceneException {
    byte[] bytes = Files.readAllBytes(tiff.write(directory.resolve(name)));
    HostBuffer memory = HostBuffer.allocate(name, bytes.length);
    memory.slice(0, bytes.length).put(bytes);
    CogFile file = CogFile.open(name, memory, 2, decoder);
    open.add(0, memory);
    open.add(0, file);
    return file;
  }

  private SceneRaster raster(SceneRaster.Source... sources) throws SceneException {
    SceneRaster raster = SceneRaster.of(List.of(sources));
    open.add(0, raster);
    return raster;
  }

  private static GeoTiffs at(double metres, int columns, int rows) {
    return GeoTiffs.naip()
        .bands(1)
        .type("uint16")
        .size(columns, rows)
        .geotransform(500_000, metres, 0, 5_200_000, 0, -metres);
  }

  private static double value(int band, int x, int y) {
    return (band * 8009 + x * 31 + y * 7) % 65521;
  }

  @ParameterizedTest
  @CsvSource({
    // chip, tile of the fine band, coarser, tile of the coarse band
    "256, 512, 2, 512",
    "128, 512, 2, 256",
    "224, 512, 2, 512",
    "224, 256, 3, 128",
    "200, 128, 6, 128",
    "264, 128, 5, 512",
  })
  void bandsOfSeveralResolutions(int chip, int tile, int coarser, int coarseTile)
      throws IOException, SceneException {
    int columns = 900;
    int rows = 1020;
    CogFile fine =
        file(
            "fine",
            at(10, columns, rows)
                .option("BLOCKXSIZE=" + tile)
                .option("BLOCKYSIZE=" + tile)
                .pixels((b, x, y) -> value(1, x, y)));
    CogFile coarse =
        file(
            "coarse",
            at(10 * coarser, columns / coarser, rows / coarser)
                .option("BLOCKXSIZE=" + coarseTile)
                .option("BLOCKYSIZE=" + coarseTile)
                .pixels((b, x, y) -> value(2, x, y)));
    SceneRaster raster =
        raster(
            new SceneRaster.Source("coarse", coarse, 1), new SceneRaster.Source("fine", fine, 1));
    assertThat(raster.width()).isEqualTo(columns);
    assertThat(raster.height()).isEqualTo(rows);
    assertThat(raster.cut(WHOLE).tileHeight()).isEqualTo(tile);
    assertThat(raster.cut(WHOLE).step()).isEqualTo(coarser);

    ChipGrid overlapping = ChipGrid.of(columns, rows, new ChipLayout(chip, 77, EdgeRule.SHIFT));
    readsChips(raster, ChipGrid.of(columns, rows, chip), coarser);
    readsChips(raster, overlapping, coarser);
  }

  private void readsChips(SceneRaster raster, ChipGrid grid, int coarser) throws SceneException {
    // The second cuts strips into blocks of one or a few chips.
    for (long maxBytes : new long[] {WHOLE, 100_000}) {
      int chips = 0;
      for (StripWindow window : grid.strips(raster.cut(maxBytes), grid.all())) {
        try (Strip strip = raster.read(window, pool)) {
          for (int i : grid.chips(window, grid.all())) {
            chips++;
            int left = window.firstColumn();
            assertChip(strip, left, 0, grid, i, (x, y) -> value(2, x / coarser, y / coarser));
            assertChip(strip, left, 1, grid, i, (x, y) -> value(1, x, y));
          }
        }
      }
      assertThat(chips).isEqualTo(grid.size());
    }
  }

  private interface Grid {
    double at(int x, int y);
  }

  /** Checks a chip in a strip that starts at grid column {@code left}. */
  private static void assertChip(
      Strip strip, int left, int band, ChipGrid grid, int index, Grid expected) {
    float[] line = new float[grid.chipSize()];
    BandPlane plane = strip.bands().get(band);
    for (int y = grid.top(index); y < grid.top(index) + grid.chipSize(); y++) {
      plane.readLine(strip.raw(), grid.left(index) - left, y - strip.firstRow(), line);
      for (int x = 0; x < line.length; x++) {
        if (line[x] != (float) expected.at(grid.left(index) + x, y)) {
          assertThat(line[x])
              .as("band %d, pixel (%d, %d)", band, grid.left(index) + x, y)
              .isEqualTo((float) expected.at(grid.left(index) + x, y));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "uint8, PIXEL, NATIVE",
    "uint16, BAND, NATIVE",
    "float32, PIXEL, NATIVE",
    "uint8, PIXEL, GDAL",
    "uint16, BAND, GDAL",
    "int16, PIXEL, GDAL",
    "float32, BAND, GDAL"
  })
  void bandsOfOneFileInAnyOrder(String type, String interleave, TileDecoder decoder)
      throws IOException, SceneException {
    GeoTiffs.Pixels values =
        (b, x, y) ->
            (b * 50 + x + y) % 101
                + (type.equals("int16") ? -50 : 0)
                + (type.equals("float32") ? 0.25 : 0);
    CogFile file =
        file(
            "many",
            GeoTiffs.naip()
                .bands(5)
                .type(type)
                .size(530, 300)
                .option("INTERLEAVE=" + interleave)
                .pixels(values),
            decoder);
    SceneRaster raster =
        raster(
            new SceneRaster.Source("d", file, 4),
            new SceneRaster.Source("a", file, 1),
            new SceneRaster.Source("c", file, 3));
    ChipGrid grid = ChipGrid.of(530, 300, 128);
    BitSet wanted = new BitSet();
    wanted.set(0);
    wanted.set(2, 4);

    List<StripWindow> windows = grid.strips(raster.cut(WHOLE), wanted);

    assertThat(windows).hasSize(1);
    try (Strip strip = raster.read(windows.get(0), pool)) {
      assertThat(strip.bands().get(0).type())
          .isEqualTo(PixelType.valueOf(type.toUpperCase(Locale.ROOT)));
      for (int chip : wanted.stream().toArray()) {
        assertChip(strip, 0, 0, grid, chip, (x, y) -> values.at(3, x, y));
        assertChip(strip, 0, 1, grid, chip, (x, y) -> values.at(0, x, y));
        assertChip(strip, 0, 2, grid, chip, (x, y) -> values.at(2, x, y));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(PixelType.class)
  void filesOfSeveralTypes(PixelType type) throws IOException, SceneException {
    CogFile one = file("one", at(10, 256, 256).type("uint8").pixels((b, x, y) -> (x + y) % 256));
    CogFile other =
        file(
            "other",
            at(10, 256, 256)
                .type(type.name().toLowerCase(Locale.ROOT))
                .pixels((b, x, y) -> (x * 3 + y) % 256));
    SceneRaster raster =
        raster(new SceneRaster.Source("one", one, 1), new SceneRaster.Source("other", other, 1));
    ChipGrid grid = ChipGrid.of(256, 256, 256);

    try (Strip strip = raster.read(grid.strips(raster.cut(WHOLE), grid.all()).get(0), pool)) {
      assertChip(strip, 0, 0, grid, 0, (x, y) -> (x + y) % 256);
      assertChip(strip, 0, 1, grid, 0, (x, y) -> (x * 3 + y) % 256);
    }
  }

  @Test
  void aBandOfAFileStandsForOneBandOfThePlatform() throws Exception {
    CogFile one = file("one", at(10, 256, 256));
    assertThatThrownBy(
            () ->
                raster(
                    new SceneRaster.Source("red", one, 1), new SceneRaster.Source("green", one, 1)))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("bands red and green");
  }

  @Test
  void groundPixelsAreThoseOfTheEllipsoidWhateverTheProjection() throws Exception {
    SceneRaster utm = raster(new SceneRaster.Source("a", file("utm", at(10, 300, 300)), 1));
    assertThat(utm.groundPixel().orElseThrow()).isCloseTo(10, within(0.01));
    // Web Mercator at 60 degrees north: northing a·ln(tan(π/4 + φ/2)).
    double northing = 6_378_137 * Math.log(Math.tan(Math.PI / 4 + Math.toRadians(60) / 2));
    SceneRaster mercator =
        raster(
            new SceneRaster.Source(
                "a",
                file(
                    "mercator",
                    at(10, 300, 300).epsg(3857).geotransform(0, 10, 0, northing, 0, -10)),
                1));
    // On a sphere exactly half; the ellipsoid is 0.1 % larger there.
    assertThat(mercator.groundPixel().orElseThrow()).isCloseTo(5, within(0.02));
    // Polar stereographic at the pole, where longitudes differ by 90 degrees from corner to corner.
    SceneRaster pole =
        raster(
            new SceneRaster.Source(
                "a",
                file(
                    "pole",
                    at(1000, 300, 300).epsg(3413).geotransform(-150e3, 1000, 0, 150e3, 0, -1000)),
                1));
    assertThat(pole.groundPixel().orElseThrow()).isCloseTo(1031, within(1.0));
    assertThat(pole.groundAspect().orElseThrow()).isCloseTo(1, within(1e-3));
    // Equal-area grids keep the area of a pixel though not its shape.
    SceneRaster equalArea =
        raster(
            new SceneRaster.Source(
                "a",
                file("area", at(10, 300, 300).epsg(6933).geotransform(0, 10, 0, 6_000_000, 0, -10)),
                1));
    assertThat(equalArea.groundPixel().orElseThrow()).isCloseTo(10, within(0.02));
  }

  @Test
  void aMaskIsPutOnTheFinerGridOfItsScene() throws IOException, SceneException {
    CogFile scl = file("scl", at(20, 200, 150).type("uint8").pixels((b, x, y) -> (x + 5 * y) % 12));
    CogFile band = file("band", at(10, 400, 300));
    SceneRaster mask = SceneRaster.ofMask(new SceneRaster.Source("scl", scl, 1), 2);
    open.add(0, mask);
    SceneRaster bands = raster(new SceneRaster.Source("red", band, 1));

    assertThat(mask.width()).isEqualTo(400);
    assertThat(mask.height()).isEqualTo(300);
    assertThat(mask.extent().isSameAs(bands.extent())).isTrue();
    assertThat(mask.corners(7, 128, 128).orElseThrow())
        .isDeepEqualTo(bands.corners(7, 128, 128).orElseThrow());
    ChipGrid grid = ChipGrid.of(400, 300, 128);
    try (Strip strip = mask.read(grid.strips(mask.cut(WHOLE), grid.all()).get(0), pool)) {
      assertChip(strip, 0, 0, grid, 2, (x, y) -> (x / 2 + 5 * (y / 2)) % 12);
    }
  }

  @Test
  void rejectsBandsThatDoNotMatch() throws IOException, SceneException {
    CogFile red = file("red.tif", at(10, 400, 300));
    refused(red, file("odd.tif", at(20, 199, 150)), "found 199 × 150 px");
    refused(red, file("flat.tif", at(20, 200, 100)), "found 200 × 100 px");
    refused(
        red,
        file("shifted.tif", at(10, 400, 300).geotransform(500_010, 10, 0, 5_200_000, 0, -10)),
        "of red.tif: expected 500000.0, 5197000.0 to 504000.0, 5200000.0,"
            + " found 500010.0, 5197000.0 to 504010.0, 5200000.0");
    refused(
        red,
        file("zone.tif", at(20, 200, 150).epsg(32615)),
        "expected WGS 84 / UTM zone 14N (32614), found WGS 84 / UTM zone 15N (32615)");
    refused(
        red,
        file("nowhere.tif", at(20, 200, 150).epsg(0)),
        "expected WGS 84 / UTM zone 14N (32614), found no CRS");
    assertThatThrownBy(() -> raster(new SceneRaster.Source("nir", red, 2)))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("band nir: expected at least 2 bands, found 1");
  }

  private void refused(CogFile red, CogFile other, String message) {
    assertThatThrownBy(
            () ->
                raster(
                    new SceneRaster.Source("red", red, 1),
                    new SceneRaster.Source("nir08", other, 1)))
        .isInstanceOfSatisfying(
            SceneException.class,
            fault -> {
              assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
              assertThat(fault).hasMessageContaining("nir08").hasMessageContaining(message);
            });
  }

  @Test
  void bandsOfAPlanarFileShareItsMaskUnlessTheirOwnTilesAreMissing() throws Exception {
    CogFile file =
        file(
            "planar",
            GeoTiffs.naip()
                .size(256, 256)
                .option("INTERLEAVE=BAND")
                .option("BLOCKXSIZE=128")
                .option("BLOCKYSIZE=128")
                .mask((x, y) -> x < 5));
    SceneRaster raster =
        raster(
            new SceneRaster.Source("a", file, 1),
            new SceneRaster.Source("b", file, 2),
            new SceneRaster.Source("d", file, 4));
    ChipGrid grid = ChipGrid.of(256, 256, 256);
    StripWindow window = grid.strips(raster.cut(WHOLE), grid.all()).get(0);

    try (FileValidity validity = raster.validity(window, pool)) {
      assertThat(validity.plane(0).orElseThrow()).isSameAs(validity.plane(1).orElseThrow());
      assertThat(validity.plane(0).orElseThrow()).isSameAs(validity.plane(2).orElseThrow());
      FileValidity.Plane plane = validity.plane(0).orElseThrow();
      assertThat(plane.at(plane.view(), 4, 100)).isEqualTo(FileValidity.MISSING);
      assertThat(plane.at(plane.view(), 5, 100)).isEqualTo(FileValidity.VALID);
    }
  }

  @ParameterizedTest
  @CsvSource({"PIXEL, NATIVE, 1", "BAND, NATIVE, 1", "PIXEL, GDAL, 3", "BAND, NATIVE, 3"})
  void pixelsBeyondTheEdgeHaveNoData(String interleave, TileDecoder decoder, int coarser)
      throws Exception {
    CogFile fine =
        file(
            "fine",
            GeoTiffs.naip()
                .size(300, 210)
                .option("INTERLEAVE=" + interleave)
                .option("BLOCKXSIZE=128")
                .option("BLOCKYSIZE=128")
                .pixels((b, x, y) -> (x + 3 * y + b) % 250),
            decoder);
    CogFile coarse =
        file("coarse", at(coarser, 300 / coarser, 210 / coarser).pixels((b, x, y) -> x * 5 + y));
    SceneRaster raster =
        raster(
            new SceneRaster.Source("a", fine, 1),
            new SceneRaster.Source("d", fine, 4),
            new SceneRaster.Source("coarse", coarse, 1));
    ChipGrid grid = ChipGrid.of(300, 210, new ChipLayout(128, 96, EdgeRule.PAD));
    assertThat(grid.lastLeft() + 128).isGreaterThan(300);
    assertThat(grid.lastTop() + 128).isGreaterThan(210);

    for (StripWindow window : grid.strips(raster.cut(100_000), grid.all())) {
      try (Strip strip = raster.read(window, pool);
          FileValidity validity = raster.validity(window, pool)) {
        for (int band = 0; band < 3; band++) {
          int repeat = band == 2 ? coarser : 1;
          for (int y = 0; y < window.rows(); y++) {
            for (int x = 0; x < window.width(); x++) {
              int column = window.firstColumn() + x;
              int row = window.firstRow() + y;
              boolean outside = column >= 300 || row >= 210;
              int px = x / repeat;
              int py = y / repeat;
              byte found =
                  validity.plane(band).isEmpty()
                      ? FileValidity.VALID
                      : validity.plane(band).get().at(validity.plane(band).get().view(), px, py);
              assertThat(found).isEqualTo(outside ? FileValidity.MISSING : FileValidity.VALID);
              if (!outside) {
                assertThat(strip.bands().get(band).value(strip.raw(), px, py))
                    .isEqualTo(
                        band == 2
                            ? column / repeat * 5 + row / repeat
                            : (column + 3 * row + 3 * band) % 250);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void recognisesTheSameCrsInAnotherNotation() throws IOException, SceneException {
    CogFile red = file("red.tif", at(10, 400, 300));
    CogFile other = file("other.tif", at(20, 200, 150).projection("urn:ogc:def:crs:EPSG::32614"));

    assertThat(red.extent().isSameAs(other.extent())).isTrue();
    assertThat(raster(new SceneRaster.Source("a", red, 1), new SceneRaster.Source("b", other, 1)))
        .isNotNull();
  }
}

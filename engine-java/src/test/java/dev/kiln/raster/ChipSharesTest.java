package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChipSharesTest {
  @TempDir Path directory;

  private interface WithMask<T> {
    T with(SceneRaster mask) throws SceneException;
  }

  private <T> T withMask(GeoTiffs tiff, int refinement, WithMask<T> test)
      throws IOException, SceneException {
    byte[] bytes = Files.readAllBytes(tiff.write(directory.resolve("mask.tif")));
    try (HostBuffer memory = HostBuffer.allocate("mask", bytes.length)) {
      memory.slice(0, bytes.length).put(bytes);
      try (CogFile file = CogFile.open("mask.tif", memory, 1);
          SceneRaster mask =
              SceneRaster.ofMask(new SceneRaster.Source("mask", file, 1), refinement)) {
        return test.with(mask);
      }
    }
  }

  private static int pixel(int x, int y) {
    return (x * 7 + y * 13 + x * y) % 11;
  }

  @ParameterizedTest
  @CsvSource({"256, 1", "256, 2", "128, 2", "224, 3", "200, 3", "8, 5"})
  void equalsAPlainCount(int chip, int refinement) throws IOException, SceneException {
    int columns = 610 / refinement;
    int rows = 580 / refinement;
    GeoTiffs tiff =
        GeoTiffs.naip()
            .bands(1)
            .size(columns, rows)
            .option("BLOCKYSIZE=128")
            .pixels((b, x, y) -> pixel(x, y));
    ChipGrid grid = ChipGrid.of(columns * refinement, rows * refinement, chip);

    ChipShares shares =
        withMask(
            tiff,
            refinement,
            mask -> ChipShares.of(mask, new double[0], grid, grid.all(), v -> v > 7, v -> v == 0));

    for (int i = 0; i < grid.size(); i++) {
      int cloud = 0;
      int nodata = 0;
      for (int y = grid.top(i); y < grid.top(i) + chip; y++) {
        for (int x = grid.left(i); x < grid.left(i) + chip; x++) {
          int value = pixel(x / refinement, y / refinement);
          cloud += value > 7 ? 1 : 0;
          nodata += value == 0 ? 1 : 0;
        }
      }
      assertThat(shares.cloud(i)).isEqualTo(cloud / (double) (chip * chip));
      assertThat(shares.nodata(i)).isEqualTo(nodata / (double) (chip * chip));
    }
  }

  @Test
  void countsBitsOfUint16() throws IOException, SceneException {
    GeoTiffs tiff =
        GeoTiffs.naip()
            .bands(1)
            .type("uint16")
            .size(256, 256)
            .pixels((b, x, y) -> y < 64 ? 65535 : x < 128 ? 21824 : 32768);
    ChipGrid grid = ChipGrid.of(256, 256, 256);

    ChipShares shares =
        withMask(
            tiff,
            1,
            mask ->
                ChipShares.of(
                    mask, new double[0], grid, grid.all(), v -> v == 65535, v -> v == 32768));

    assertThat(shares.cloud(0)).isEqualTo(0.25);
    assertThat(shares.nodata(0)).isEqualTo(0.375);
  }

  @Test
  void pixelsBeyondTheEdgeOfTheSceneAreNodata() throws IOException, SceneException {
    // 25 × 15 pixels of the mask, 2 × 2 of the grid each; the right and lower chips reach beyond.
    GeoTiffs tiff =
        GeoTiffs.naip().bands(1).size(25, 15).pixels((b, x, y) -> x >= 20 || y >= 12 ? 9 : 1);
    ChipGrid grid = ChipGrid.of(50, 30, new ChipLayout(20, 20, EdgeRule.PAD));
    assertThat(grid.size()).isEqualTo(6);

    ChipShares shares =
        withMask(
            tiff,
            2,
            mask -> ChipShares.of(mask, new double[0], grid, grid.all(), v -> v == 9, v -> v == 0));

    double[] cloud = {0, 0, 10 * 20, 6 * 20, 6 * 20, 10 * 10};
    double[] nodata = {0, 0, 10 * 20, 10 * 20, 10 * 20, 400 - 10 * 10};
    for (int i = 0; i < 6; i++) {
      assertThat(shares.cloud(i)).as("cloud of chip %d", i).isEqualTo(cloud[i] / 400);
      assertThat(shares.nodata(i)).as("nodata of chip %d", i).isEqualTo(nodata[i] / 400);
    }
  }

  @Test
  void keepsAChipAtTheLimit() throws IOException, SceneException {
    // 0.2 is exact neither as float32 nor as a sum.
    GeoTiffs tiff =
        GeoTiffs.naip().bands(1).size(20, 10).pixels((b, x, y) -> y < 2 || x == 19 ? 0 : 1);
    ChipGrid grid = ChipGrid.of(20, 10, 10);

    ChipShares shares =
        withMask(
            tiff,
            1,
            mask -> ChipShares.of(mask, new double[0], grid, grid.all(), v -> false, v -> v == 0));

    assertThat(shares.surviving(0.5, 0.2)).isEqualTo(BitSet.valueOf(new long[] {0b01}));
    assertThat(shares.surviving(0.5, 0.19)).isEqualTo(new BitSet());
    assertThat(shares.surviving(0, 1)).isEqualTo(BitSet.valueOf(new long[] {0b11}));
  }

  @Test
  void rejectsOtherPixelTypes() {
    assertThatThrownBy(
            () ->
                withMask(
                    GeoTiffs.naip().bands(1).type("float32").size(256, 256),
                    1,
                    mask ->
                        ChipShares.of(
                            mask,
                            new double[0],
                            ChipGrid.of(256, 256, 256),
                            new BitSet(),
                            v -> false,
                            v -> false)))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected a mask of type uint8 or uint16, found FLOAT32");
  }

  @Test
  void sharesAreZeroWithoutAMask() {
    ChipGrid grid = ChipGrid.of(768, 512, 256);

    assertThat(ChipShares.none(grid).surviving(0, 0)).isEqualTo(grid.all());
  }
}

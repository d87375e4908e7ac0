package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.testing.GeoTiffs;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiles with damage that their compression can detect, also where decoders only warn about it. */
@Timeout(60)
class DamagedTilesTest {
  private static final int TILE = 64;
  private static final int WIDTH = 3 * TILE;
  private static final int HEIGHT = 2 * TILE;

  @TempDir Path directory;

  private byte[] file(String options) throws Exception {
    GeoTiffs file =
        GeoTiffs.naip()
            .size(WIDTH, HEIGHT)
            .bands(3)
            .pixels((b, x, y) -> 50 + 20 * b + (3 * x + 5 * y + x * y / 50) % 90)
            .option("BLOCKXSIZE=" + TILE)
            .option("BLOCKYSIZE=" + TILE);
    for (String option : options.split(" ")) {
      file.option(option);
    }
    return Files.readAllBytes(file.write(directory.resolve("a.tif")));
  }

  /** Returns the bytes of the tile in the middle of the second row. */
  private static ByteRange tile(byte[] file) throws Exception {
    return CogLayout.read(
            "a.tif",
            file.length,
            (offset, length) -> ByteBuffer.wrap(file, Math.toIntExact(offset), length))
        .tile(1, 1, 1);
  }

  private static void read(byte[] bytes, int threads) throws Exception {
    try (HostBuffer buffer = HostBuffer.allocate("test", bytes.length);
        BufferPool pool = new BufferPool()) {
      buffer.slice(0, bytes.length).put(bytes);
      try (CogFile file = CogFile.open("a.tif", buffer, threads);
          SceneRaster raster =
              SceneRaster.of(
                  List.of(
                      new SceneRaster.Source("red", file, 1),
                      new SceneRaster.Source("green", file, 2),
                      new SceneRaster.Source("blue", file, 3)))) {
        for (StripWindow window :
            ChipGrid.of(WIDTH, HEIGHT, TILE).strips(raster.cut(1 << 20), all())) {
          try (Strip strip = raster.read(window, pool)) {
            assertThat(strip.raw().capacity()).isPositive();
          }
        }
      }
    }
  }

  private static BitSet all() {
    return ChipGrid.of(WIDTH, HEIGHT, TILE).all();
  }

  @ParameterizedTest
  @CsvSource({
    "COMPRESS=DEFLATE, 0.5, damaged DEFLATE data or checksum",
    "COMPRESS=LERC, 0.5, IReadBlock failed",
    "COMPRESS=LZW, 0.1, IReadBlock failed",
    "COMPRESS=LZMA, 0.5, IReadBlock failed",
    "COMPRESS=JPEG, 0.5, JPEGLib",
    "COMPRESS=JPEG PHOTOMETRIC=YCBCR, 0.9, JPEGLib",
    "COMPRESS=PACKBITS, 0.5, Discarding",
  })
  void changedBytesFailTheScene(String options, double where, String reason) throws Exception {
    byte[] file = file(options);
    for (int threads : new int[] {1, 3}) {
      read(file, threads);
    }
    ByteRange tile = tile(file);
    int at = (int) (tile.offset() + where * tile.length());
    if (options.contains("JPEG")) {
      // The end of an image, about which the decoder only warns.
      file[at] = (byte) 0xFF;
      file[at + 1] = (byte) 0xD9;
    } else {
      file[at] ^= (byte) 0xFF;
    }
    for (int threads : new int[] {1, 3}) {
      assertThatThrownBy(() -> read(file, threads))
          .isInstanceOf(SceneException.class)
          .hasMessageContainingAll("a.tif", reason);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "COMPRESS=DEFLATE",
        "COMPRESS=ZSTD",
        "COMPRESS=LERC",
        "COMPRESS=LZW",
        "COMPRESS=PACKBITS"
      })
  void tilesWhoseSecondHalfIsZeroFailTheScene(String options) throws Exception {
    byte[] file = file(options);
    ByteRange tile = tile(file);
    int from = (int) (tile.offset() + tile.length() / 2);
    int to = (int) tile.end();
    Arrays.fill(file, from, to, (byte) 0);
    assertThatThrownBy(() -> read(file, 2))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("a.tif");
  }
}

package dev.kiln.tiles;

import static dev.kiln.tiles.TestTiles.HEIGHT;
import static dev.kiln.tiles.TestTiles.WIDTH;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.memory.HostBuffer;
import dev.kiln.type.PixelType;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TiledTiffTest {
  private static final TiledTiff.Window ALL = new TiledTiff.Window(0, 0, WIDTH, HEIGHT);

  private static byte[] read(TestTiles image, TiledTiff.Window window, int[] bands, int threads)
      throws CorruptTileException {
    int samples = bands.length;
    int size = window.width() * window.height() * samples;
    try (HostBuffer file = image.file();
        HostBuffer into = HostBuffer.allocate("pixels", size)) {
      TiledTiff.Target target =
          new TiledTiff.Target(into, 0, samples, (long) window.width() * samples, 1, 0);
      TiledTiff tiff = image.in(file);
      TiledTiff.read(List.of(new TiledTiff.Read(tiff, window, bands, target)), threads);
      byte[] pixels = new byte[size];
      into.slice(0, size).get(pixels);
      return pixels;
    }
  }

  private static byte[] expected(TiledTiff.Window window, int... bands) {
    ByteBuffer pixels = ByteBuffer.allocate(window.width() * window.height() * bands.length);
    for (int y = window.y(); y < window.y() + window.height(); y++) {
      for (int x = window.x(); x < window.x() + window.width(); x++) {
        for (int band : bands) {
          pixels.put(TestTiles.sample(x, y, band - 1));
        }
      }
    }
    return pixels.array();
  }

  @Test
  void readsWindowsAndBands() throws Exception {
    TestTiles image = new TestTiles(3);
    TiledTiff.Window part = new TiledTiff.Window(13, 5, 21, 17);

    assertThat(read(image, ALL, new int[] {1, 2, 3}, 4)).isEqualTo(expected(ALL, 1, 2, 3));
    assertThat(read(image, part, new int[] {1, 2, 3}, 1)).isEqualTo(expected(part, 1, 2, 3));
    assertThat(read(image, part, new int[] {3, 1}, 2)).isEqualTo(expected(part, 3, 1));
  }

  @Test
  void readsOnlyTheTilesOfTheWindow() throws Exception {
    TestTiles tiff = new TestTiles(1);
    for (int tile = 0; tile < 6; tile++) {
      if (tile != 4) {
        Arrays.fill(tiff.tile(tile), (byte) 0);
      }
    }
    TiledTiff.Window fifth = new TiledTiff.Window(16, 16, 16, 8);

    assertThat(read(tiff, fifth, new int[] {1}, 2)).isEqualTo(expected(fifth, 1));
  }

  static Stream<Arguments> badLayouts() {
    return Stream.of(
        Arguments.of("unknown compression 5", layout(PixelType.UINT8, TestTiles.TILE, 5, 1)),
        Arguments.of(
            "unknown predictor 3 for pixel type 0", layout(PixelType.UINT8, TestTiles.TILE, 8, 3)),
        Arguments.of(
            "unknown predictor 9 for pixel type 3",
            layout(PixelType.FLOAT32, TestTiles.TILE, 8, 9)),
        Arguments.of("tiles of more than 64 MiB", layout(PixelType.UINT16, 1 << 16, 8, 1)));
  }

  private static TiledTiff.Layout layout(PixelType type, int tile, int compression, int predictor) {
    return new TiledTiff.Layout(
        WIDTH, HEIGHT, 1, type, tile, tile, false, false, compression, predictor);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badLayouts")
  void rejectsLayoutsThatItCannotDecode(String reason, TiledTiff.Layout layout) {
    TestTiles image = new TestTiles(1);
    try (HostBuffer file = image.file()) {
      TiledTiff tiff = image.in(file, layout);
      assertThatThrownBy(() -> tiff.check(ALL, new int[] {1}, 1))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage(reason);
    }
  }

  @Test
  void rejectsLayoutsWithoutPixels() {
    assertThatThrownBy(() -> layout(PixelType.UINT8, 0, 8, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected positive sizes");
    assertThatThrownBy(
            () ->
                new TiledTiff.Layout(1 << 30, 1 << 30, 1, PixelType.UINT8, 1, 1, true, false, 8, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected fewer than 2^31 tiles");
  }

  static Stream<Arguments> corrupt() {
    byte[] flipped = new TestTiles(1).tile(4).clone();
    flipped[flipped.length - 1] ^= 1;
    byte[] start = new TestTiles(1).tile(4).clone();
    start[0] = 0;
    return Stream.of(
        damage("damaged DEFLATE data or checksum", new TestTiles(1).tile(4, flipped)),
        damage("damaged DEFLATE data or checksum", new TestTiles(1).tile(4, start)),
        damage(
            "expected 256 bytes, found 255",
            new TestTiles(1).tile(4, TestTiles.deflate(new byte[255]))),
        damage(
            "expected 256 bytes, found more",
            new TestTiles(1).tile(4, TestTiles.deflate(new byte[257]))),
        damage(
            "bytes at byte 4294967295, found end of file",
            new TestTiles(1).declare(new long[] {0, 0, 0, 0, 0xFFFF_FFFFL, 0}, null)),
        damage(
            "expected 18446744073709551615 bytes at byte 0, found end of file",
            new TestTiles(1).declare(new long[6], new long[] {0, 0, 0, 0, -1, 0})),
        damage(
            "expected 2 bytes at byte 18446744073709551615, found end of file",
            new TestTiles(1)
                .declare(new long[] {0, 0, 0, 0, -1, 0}, new long[] {0, 0, 0, 0, 2, 0})));
  }

  private static Arguments damage(String reason, TestTiles tiff) {
    return Arguments.of(reason, tiff);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("corrupt")
  void namesADamagedTile(String reason, TestTiles tiff) throws Exception {
    assertThatThrownBy(() -> read(tiff, new TiledTiff.Window(20, 20, 1, 1), new int[] {1}, 1))
        .isInstanceOf(CorruptTileException.class)
        .hasMessageStartingWith("tile 4 (column 1, row 1): ")
        .hasMessageContaining(reason);
    try (HostBuffer file = tiff.file()) {
      assertThatThrownBy(() -> tiff.in(file).check(ALL, new int[] {1}, 1))
          .isInstanceOf(CorruptTileException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6, 64})
  void namesTheFirstOfSeveralDamagedTiles(int threads) {
    TestTiles tiff = new TestTiles(1);
    for (int tile = 2; tile < 6; tile++) {
      tiff.tile(tile, new byte[] {1, 2, 3});
    }
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> read(tiff, ALL, new int[] {1}, threads))
          .isInstanceOf(CorruptTileException.class)
          .hasMessageStartingWith("tile 2 (column 2, row 0): ");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void readsFilesTogetherAndReportsTheOneWithADamagedTile(int threads) throws Exception {
    TestTiles damaged = new TestTiles(2).tile(5, new byte[] {1});
    TiledTiff.Window corner = new TiledTiff.Window(32, 16, 4, 4);
    try (HostBuffer one = new TestTiles(1).file();
        HostBuffer two = damaged.file();
        HostBuffer into = HostBuffer.allocate("pixels", 16 + 32 + WIDTH * HEIGHT)) {
      TiledTiff first = new TestTiles(1).in(one);
      TiledTiff second = damaged.in(two);
      TiledTiff.Target left = new TiledTiff.Target(into, 0, 1, 4, 0, 0);
      TiledTiff.Target middle = new TiledTiff.Target(into, 16, 1, 4, 16, 0);
      TiledTiff.Target right = new TiledTiff.Target(into, 48, 1, WIDTH, 0, 0);
      TiledTiff.Window start = new TiledTiff.Window(0, 0, 4, 4);
      TiledTiff.Read good = new TiledTiff.Read(first, corner, new int[] {1}, left);

      TiledTiff.read(
          List.of(good, new TiledTiff.Read(second, start, new int[] {2, 1}, middle)), threads);
      byte[] pixels = new byte[48];
      into.slice(0, 48).get(pixels);
      assertThat(Arrays.copyOf(pixels, 16)).isEqualTo(expected(corner, 1));
      assertThat(Arrays.copyOfRange(pixels, 16, 32)).isEqualTo(expected(start, 2));
      assertThat(Arrays.copyOfRange(pixels, 32, 48)).isEqualTo(expected(start, 1));

      List<TiledTiff.Read> reads =
          List.of(
              good,
              new TiledTiff.Read(first, ALL, new int[] {1}, right),
              new TiledTiff.Read(second, corner, new int[] {1}, null));
      assertThatThrownBy(() -> TiledTiff.read(reads, threads))
          .isInstanceOfSatisfying(
              CorruptTileException.class, e -> assertThat(e.read()).isEqualTo(2));
    }
  }

  @Test
  void fillsOmittedTiles() throws Exception {
    TestTiles image = new TestTiles(1).tile(0, new byte[0]);
    try (HostBuffer bytes = image.file();
        HostBuffer into = HostBuffer.allocate("pixels", 4)) {
      TiledTiff.Target target = new TiledTiff.Target(into, 0, 1, 4, 4, 201);
      TiledTiff tiff = image.in(bytes);
      TiledTiff.Window window = new TiledTiff.Window(14, 0, 4, 1);
      TiledTiff.read(List.of(new TiledTiff.Read(tiff, window, new int[] {1}, target)), 1);

      assertThat(into.slice(0, 4))
          .isEqualTo(
              ByteBuffer.wrap(
                  new byte[] {
                    (byte) 201, (byte) 201, TestTiles.sample(16, 0, 0), TestTiles.sample(17, 0, 0)
                  }));
    }
  }

  static Stream<Arguments> badRequests() {
    int[] one = {1};
    long most = Long.MAX_VALUE;
    return Stream.of(
        Arguments.of("column", new TiledTiff.Window(-1, 0, 1, 1), one, 0, 1, 40, 0),
        Arguments.of("row", new TiledTiff.Window(0, -1, 1, 1), one, 0, 1, 40, 0),
        Arguments.of("no columns", new TiledTiff.Window(0, 0, 0, 1), one, 0, 1, 40, 0),
        Arguments.of("no rows", new TiledTiff.Window(0, 0, 1, 0), one, 0, 1, 40, 0),
        Arguments.of("right", new TiledTiff.Window(30, 0, 11, 1), one, 0, 1, 40, 0),
        Arguments.of("below", new TiledTiff.Window(0, 1, 1, HEIGHT), one, 0, 1, 40, 0),
        Arguments.of(
            "overflow",
            new TiledTiff.Window(Integer.MAX_VALUE, 0, Integer.MAX_VALUE, 1),
            one,
            0,
            1,
            40,
            0),
        Arguments.of("no bands", ALL, new int[0], 0, 1, 40, 0),
        Arguments.of("band 0", ALL, new int[] {0}, 0, 1, 40, 0),
        Arguments.of("band 3", ALL, new int[] {3}, 0, 1, 40, 0),
        Arguments.of("too many bands", ALL, new int[] {1, 1, 1}, 0, 1, 40, 0),
        Arguments.of("offset", ALL, one, -1, 1, 40, 0),
        Arguments.of("one byte too far", ALL, one, 1, 1, 40, 0),
        Arguments.of("far offset", ALL, one, most, 1, 40, 0),
        Arguments.of("negative stride", ALL, one, 1000, -1, 40, 0),
        Arguments.of("wide lines", ALL, one, 0, 1, most / 2, 0),
        Arguments.of("wide bands", ALL, new int[] {1, 2}, 0, 1, 1, most));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void rejectsWindowsAndTargetsOutOfRange(
      String name,
      TiledTiff.Window window,
      int[] bands,
      long offset,
      long pixelStride,
      long lineStride,
      long bandStride)
      throws Exception {
    try (HostBuffer bytes = new TestTiles(2).file();
        HostBuffer into = HostBuffer.allocate("pixels", WIDTH * HEIGHT)) {
      TiledTiff tiff = new TestTiles(2).in(bytes);
      TiledTiff.Target target =
          new TiledTiff.Target(into, offset, pixelStride, lineStride, bandStride, 0);
      TiledTiff.Read read = new TiledTiff.Read(tiff, window, bands, target);
      assertThatThrownBy(() -> TiledTiff.read(List.of(read), 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void rejectsUseAfterClose() throws Exception {
    HostBuffer bytes = new TestTiles(1).file();
    TiledTiff tiff = new TestTiles(1).in(bytes);
    bytes.close();
    assertThatThrownBy(() -> tiff.check(ALL, new int[] {1}, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("used after close");
  }
}

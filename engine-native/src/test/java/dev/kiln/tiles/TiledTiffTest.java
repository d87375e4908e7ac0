package dev.kiln.tiles;

import static dev.kiln.tiles.TestTiff.HEIGHT;
import static dev.kiln.tiles.TestTiff.LONG;
import static dev.kiln.tiles.TestTiff.LONG8;
import static dev.kiln.tiles.TestTiff.SHORT;
import static dev.kiln.tiles.TestTiff.WIDTH;
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

  private static byte[] read(byte[] file, TiledTiff.Window window, int[] bands, int threads)
      throws UnsupportedTiffException, CorruptTileException {
    int samples = bands.length;
    int size = window.width() * window.height() * samples;
    try (HostBuffer bytes = TestTiff.buffer(file);
        HostBuffer into = HostBuffer.allocate("pixels", size)) {
      TiledTiff.Target target =
          new TiledTiff.Target(into, 0, samples, (long) window.width() * samples, 1, 0);
      TiledTiff tiff = TiledTiff.open(bytes);
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
          pixels.put(TestTiff.sample(x, y, band - 1));
        }
      }
    }
    return pixels.array();
  }

  static Stream<TestTiff> variants() {
    return Stream.of(
        new TestTiff(3),
        new TestTiff(3).bigEndian(),
        new TestTiff(3).big(),
        new TestTiff(3).big().bigEndian());
  }

  @ParameterizedTest
  @MethodSource("variants")
  void readsWindowsAndBands(TestTiff tiff) throws Exception {
    byte[] file = tiff.bytes();
    TiledTiff.Window part = new TiledTiff.Window(13, 5, 21, 17);

    assertThat(read(file, ALL, new int[] {1, 2, 3}, 4)).isEqualTo(expected(ALL, 1, 2, 3));
    assertThat(read(file, part, new int[] {1, 2, 3}, 1)).isEqualTo(expected(part, 1, 2, 3));
    assertThat(read(file, part, new int[] {3, 1}, 2)).isEqualTo(expected(part, 3, 1));
  }

  @Test
  void describesTheImage() throws Exception {
    try (HostBuffer bytes = TestTiff.buffer(new TestTiff(3).bytes())) {
      TiledTiff tiff = TiledTiff.open(bytes);

      assertThat(tiff.width()).isEqualTo(WIDTH);
      assertThat(tiff.height()).isEqualTo(HEIGHT);
      assertThat(tiff.bands()).isEqualTo(3);
      assertThat(tiff.type()).isEqualTo(PixelType.UINT8);
      assertThat(tiff.tileWidth()).isEqualTo(TestTiff.TILE);
      assertThat(tiff.tileHeight()).isEqualTo(TestTiff.TILE);
      assertThat(tiff.interleaved()).isTrue();
    }
  }

  @Test
  void readsOnlyTheTilesOfTheWindow() throws Exception {
    TestTiff tiff = new TestTiff(1);
    for (int tile = 0; tile < 6; tile++) {
      if (tile != 4) {
        Arrays.fill(tiff.tile(tile), (byte) 0);
      }
    }
    TiledTiff.Window fifth = new TiledTiff.Window(16, 16, 16, 8);

    assertThat(read(tiff.bytes(), fifth, new int[] {1}, 2)).isEqualTo(expected(fifth, 1));
  }

  static Stream<Arguments> unsupported() {
    return Stream.of(
        kind("photometric interpretation 6", new TestTiff(3).field(TestTiff.PHOTOMETRIC, SHORT, 6)),
        kind("no photometric interpretation", new TestTiff(3).without(TestTiff.PHOTOMETRIC)),
        kind("compression 7 (JPEG)", new TestTiff(3).field(TestTiff.COMPRESSION, SHORT, 7)),
        kind("compression 5 (LZW)", new TestTiff(1).field(TestTiff.COMPRESSION, SHORT, 5)),
        kind(
            "samples of 12 bits in sample format 1",
            new TestTiff(1).field(TestTiff.BITS_PER_SAMPLE, SHORT, 12)),
        kind("samples of 1 bits in sample format 1", new TestTiff(1).without(258)),
        kind(
            "samples of 8 bits in sample format 2",
            new TestTiff(1).field(TestTiff.SAMPLE_FORMAT, SHORT, 2)),
        kind(
            "bands that differ in bits per sample",
            new TestTiff(3).field(TestTiff.BITS_PER_SAMPLE, SHORT, 8, 8, 16)),
        kind(
            "predictor 3 of samples of 1 bytes",
            new TestTiff(1).field(TestTiff.PREDICTOR, SHORT, 3)),
        kind(
            "predictor 9 of samples of 1 bytes",
            new TestTiff(1).field(TestTiff.PREDICTOR, SHORT, 9)),
        kind("fill order 2", new TestTiff(1).field(TestTiff.FILL_ORDER, SHORT, 2)),
        kind("orientation 3", new TestTiff(1).field(TestTiff.ORIENTATION, SHORT, 3)),
        kind("strips instead of tiles", new TestTiff(1).without(TestTiff.TILE_WIDTH)),
        kind("no tile height", new TestTiff(1).without(TestTiff.TILE_LENGTH)),
        kind("tile width 0", new TestTiff(1).field(TestTiff.TILE_WIDTH, LONG, 0)),
        kind("width 0", new TestTiff(1).field(TestTiff.IMAGE_WIDTH, LONG, 0)),
        kind("height 4294967295", new TestTiff(1).field(TestTiff.IMAGE_LENGTH, LONG, -1)),
        kind("samples per pixel 0", new TestTiff(1).field(TestTiff.SAMPLES_PER_PIXEL, SHORT, 0)),
        kind(
            "planar configuration 3",
            new TestTiff(3).field(TestTiff.PLANAR_CONFIGURATION, SHORT, 3)),
        kind(
            "tiles of more than 64 MiB",
            new TestTiff(1)
                .field(TestTiff.TILE_WIDTH, LONG, Integer.MAX_VALUE)
                .field(TestTiff.TILE_LENGTH, LONG, Integer.MAX_VALUE)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(1).field(TestTiff.IMAGE_WIDTH, LONG, 49)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(2).field(TestTiff.PLANAR_CONFIGURATION, SHORT, 2)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(1)
                .field(TestTiff.IMAGE_WIDTH, LONG, Integer.MAX_VALUE)
                .field(TestTiff.IMAGE_LENGTH, LONG, Integer.MAX_VALUE)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, LONG8, -1, 16)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, LONG8, 1L << 60, 16)),
        kind(
            "fewer tile offsets or byte counts than tiles",
            new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, LONG8, 7, -8)),
        kind("no bits per sample", new TestTiff(3).lie(258, SHORT, 3, 99_999)),
        kind("no bits per sample", new TestTiff(3).lie(258, SHORT, 1L << 31, 8)));
  }

  private static Arguments kind(String reason, TestTiff tiff) {
    return Arguments.of(reason, tiff);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unsupported")
  void namesTheUnsupportedProperty(String reason, TestTiff tiff) {
    try (HostBuffer bytes = TestTiff.buffer(tiff.bytes())) {
      assertThatThrownBy(() -> TiledTiff.open(bytes))
          .isInstanceOf(UnsupportedTiffException.class)
          .hasMessage(reason);
    }
  }

  static Stream<Arguments> corrupt() {
    byte[] flipped = new TestTiff(1).tile(4).clone();
    flipped[flipped.length - 1] ^= 1;
    byte[] start = new TestTiff(1).tile(4).clone();
    start[0] = 0;
    return Stream.of(
        damage("damaged DEFLATE data or checksum", new TestTiff(1).tile(4, flipped)),
        damage("damaged DEFLATE data or checksum", new TestTiff(1).tile(4, start)),
        damage(
            "expected 256 bytes, found 255",
            new TestTiff(1).tile(4, TestTiff.deflate(new byte[255]))),
        damage(
            "expected 256 bytes, found more",
            new TestTiff(1).tile(4, TestTiff.deflate(new byte[257]))),
        damage(
            "bytes at byte 4294967295, found end of file",
            new TestTiff(1).field(TestTiff.TILE_OFFSETS, LONG, 8, 8, 8, 8, -1, 8)),
        damage(
            "expected 18446744073709551615 bytes at byte 16, found",
            new TestTiff(1)
                .big()
                .field(TestTiff.TILE_BYTE_COUNTS, LONG8, 0, 0, 0, 0, -1, 0)
                .field(TestTiff.TILE_OFFSETS, LONG8, 16, 16, 16, 16, 16, 16)),
        damage(
            "bytes at byte 18446744073709551615, found",
            new TestTiff(1)
                .big()
                .field(TestTiff.TILE_BYTE_COUNTS, LONG8, 0, 0, 0, 0, 2, 0)
                .field(TestTiff.TILE_OFFSETS, LONG8, 16, 16, 16, 16, -1, 16)));
  }

  private static Arguments damage(String reason, TestTiff tiff) {
    return Arguments.of(reason, tiff);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("corrupt")
  void namesADamagedTile(String reason, TestTiff tiff) throws Exception {
    byte[] file = tiff.bytes();
    assertThatThrownBy(() -> read(file, new TiledTiff.Window(20, 20, 1, 1), new int[] {1}, 1))
        .isInstanceOf(CorruptTileException.class)
        .hasMessageStartingWith("tile 4 (column 1, row 1): ")
        .hasMessageContaining(reason);
    try (HostBuffer bytes = TestTiff.buffer(file)) {
      assertThatThrownBy(() -> TiledTiff.open(bytes).check(ALL, new int[] {1}, 1))
          .isInstanceOf(CorruptTileException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6, 64})
  void namesTheFirstOfSeveralDamagedTiles(int threads) {
    TestTiff tiff = new TestTiff(1);
    for (int tile = 2; tile < 6; tile++) {
      tiff.tile(tile, new byte[] {1, 2, 3});
    }
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> read(tiff.bytes(), ALL, new int[] {1}, threads))
          .isInstanceOf(CorruptTileException.class)
          .hasMessageStartingWith("tile 2 (column 2, row 0): ");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void readsFilesTogetherAndReportsTheOneWithADamagedTile(int threads) throws Exception {
    TestTiff damaged = new TestTiff(2).tile(5, new byte[] {1});
    TiledTiff.Window corner = new TiledTiff.Window(32, 16, 4, 4);
    try (HostBuffer one = TestTiff.buffer(new TestTiff(1).bytes());
        HostBuffer two = TestTiff.buffer(damaged.bytes());
        HostBuffer into = HostBuffer.allocate("pixels", 16 + 32 + WIDTH * HEIGHT)) {
      TiledTiff first = TiledTiff.open(one);
      TiledTiff second = TiledTiff.open(two);
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
    byte[] file = new TestTiff(1).tile(0, new byte[0]).bytes();
    try (HostBuffer bytes = TestTiff.buffer(file);
        HostBuffer into = HostBuffer.allocate("pixels", 4)) {
      TiledTiff.Target target = new TiledTiff.Target(into, 0, 1, 4, 4, 201);
      TiledTiff tiff = TiledTiff.open(bytes);
      TiledTiff.Window window = new TiledTiff.Window(14, 0, 4, 1);
      TiledTiff.read(List.of(new TiledTiff.Read(tiff, window, new int[] {1}, target)), 1);

      assertThat(into.slice(0, 4))
          .isEqualTo(
              ByteBuffer.wrap(
                  new byte[] {
                    (byte) 201, (byte) 201, TestTiff.sample(16, 0, 0), TestTiff.sample(17, 0, 0)
                  }));
    }
  }

  /** A file may be truncated anywhere, and its header may contain anything. */
  @Test
  void survivesEveryPrefixAndEveryChangedByte() throws Exception {
    byte[] file = new TestTiff(2).big().bytes();
    int read = 0;
    for (int length = 0; length < file.length; length++) {
      read += survives(Arrays.copyOf(file, length)) ? 1 : 0;
    }
    assertThat(read).as("prefixes that hold the image").isZero();
    for (int at = 0; at < file.length; at++) {
      for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF, file[at] ^ 0x10}) {
        byte[] changed = file.clone();
        changed[at] = (byte) value;
        read += survives(changed) ? 1 : 0;
      }
    }
    assertThat(read).as("changes that do not matter").isGreaterThan(0);
  }

  private static boolean survives(byte[] file) {
    try {
      return read(file, ALL, new int[] {2, 1}, 1).length > 0;
    } catch (UnsupportedTiffException | CorruptTileException | IndexOutOfBoundsException expected) {
      return false;
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
    try (HostBuffer bytes = TestTiff.buffer(new TestTiff(2).bytes());
        HostBuffer into = HostBuffer.allocate("pixels", WIDTH * HEIGHT)) {
      TiledTiff tiff = TiledTiff.open(bytes);
      TiledTiff.Target target =
          new TiledTiff.Target(into, offset, pixelStride, lineStride, bandStride, 0);
      TiledTiff.Read read = new TiledTiff.Read(tiff, window, bands, target);
      assertThatThrownBy(() -> TiledTiff.read(List.of(read), 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void rejectsUseAfterClose() throws Exception {
    HostBuffer bytes = TestTiff.buffer(new TestTiff(1).bytes());
    TiledTiff tiff = TiledTiff.open(bytes);
    bytes.close();
    assertThatThrownBy(() -> tiff.check(ALL, new int[] {1}, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("used after close");
  }
}

package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.testing.TestTiff;
import dev.kiln.tiles.CorruptTileException;
import dev.kiln.tiles.TiledTiff;
import dev.kiln.tiles.UnsupportedTiffException;
import dev.kiln.type.PixelType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TIFF directories, read in Java, describe their tiles to the native decoder. */
@Timeout(60)
class NativeLayoutTest {
  private static final TiledTiff.Window ALL =
      new TiledTiff.Window(0, 0, TestTiff.WIDTH, TestTiff.HEIGHT);

  private static TiledTiff open(HostBuffer file)
      throws SceneException, UnsupportedTiffException, InterruptedException {
    return CogLayout.read("a.tif", file.size(), file::slice).tiled(file);
  }

  private static byte[] read(TestTiff tiff, int... bands) throws Exception {
    int size = TestTiff.WIDTH * TestTiff.HEIGHT * bands.length;
    try (HostBuffer file = TestTiff.buffer(tiff.bytes());
        HostBuffer into = HostBuffer.allocate("pixels", size)) {
      TiledTiff.Target target =
          new TiledTiff.Target(into, 0, bands.length, (long) TestTiff.WIDTH * bands.length, 1, 0);
      TiledTiff.read(List.of(new TiledTiff.Read(open(file), ALL, bands, target)), 2);
      byte[] pixels = new byte[size];
      into.slice(0, size).get(pixels);
      return pixels;
    }
  }

  private static byte[] expected(int... bands) {
    byte[] pixels = new byte[TestTiff.WIDTH * TestTiff.HEIGHT * bands.length];
    int at = 0;
    for (int y = 0; y < TestTiff.HEIGHT; y++) {
      for (int x = 0; x < TestTiff.WIDTH; x++) {
        for (int band : bands) {
          pixels[at++] = TestTiff.sample(x, y, band - 1);
        }
      }
    }
    return pixels;
  }

  static Stream<TestTiff> variants() {
    return Stream.of(
        new TestTiff(3),
        new TestTiff(3).bigEndian(),
        new TestTiff(3).big(),
        new TestTiff(3).big().bigEndian(),
        new TestTiff(3).field(TestTiff.COMPRESSION, TestTiff.SHORT, 32946));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void readsHeadersOfEveryKind(TestTiff tiff) throws Exception {
    assertThat(read(tiff, 1, 2, 3)).isEqualTo(expected(1, 2, 3));
    assertThat(read(tiff, 3, 1)).isEqualTo(expected(3, 1));
  }

  @Test
  void describesTheImage() throws Exception {
    try (HostBuffer file = TestTiff.buffer(new TestTiff(3).bigEndian().bytes())) {
      assertThat(open(file).layout())
          .isEqualTo(
              new TiledTiff.Layout(
                  TestTiff.WIDTH,
                  TestTiff.HEIGHT,
                  3,
                  PixelType.UINT8,
                  TestTiff.TILE,
                  TestTiff.TILE,
                  true,
                  true,
                  8,
                  1));
    }
  }

  static Stream<Arguments> unsupported() {
    return Stream.of(
        kind("photometric interpretation 0", with(TestTiff.PHOTOMETRIC, 0)),
        kind("photometric interpretation 6", with(TestTiff.PHOTOMETRIC, 6)),
        kind("no photometric interpretation", new TestTiff(3).without(TestTiff.PHOTOMETRIC)),
        kind("compression 7 (JPEG)", with(TestTiff.COMPRESSION, 7)),
        kind("compression 5 (LZW)", with(TestTiff.COMPRESSION, 5)),
        kind("compression 34887", with(TestTiff.COMPRESSION, 34887)),
        kind("samples of 12 bits in sample format 1", with(TestTiff.BITS_PER_SAMPLE, 12)),
        kind("samples of 1 bits in sample format 1", new TestTiff(1).without(258)),
        kind("samples of 8 bits in sample format 2", with(TestTiff.SAMPLE_FORMAT, 2)),
        kind("predictor 3 of samples of 1 bytes", with(TestTiff.PREDICTOR, 3)),
        kind("fill order 2", with(TestTiff.FILL_ORDER, 2)),
        kind("orientation 3", with(TestTiff.ORIENTATION, 3)),
        kind("image depth 2", with(32997, 2)),
        kind("tile depth 2", with(32998, 2)),
        kind("strips instead of tiles", new TestTiff(1).without(TestTiff.TILE_WIDTH)),
        kind(
            "tiles of more than 64 MiB",
            new TestTiff(1)
                .field(TestTiff.TILE_WIDTH, TestTiff.LONG, 9000)
                .field(TestTiff.TILE_LENGTH, TestTiff.LONG, 9000)));
  }

  private static TestTiff with(int tag, long value) {
    return new TestTiff(1).field(tag, TestTiff.SHORT, value);
  }

  private static Arguments kind(String reason, TestTiff tiff) {
    return Arguments.of(reason, tiff);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unsupported")
  void namesTheUnsupportedProperty(String reason, TestTiff tiff) {
    try (HostBuffer file = TestTiff.buffer(tiff.bytes())) {
      assertThatThrownBy(() -> open(file))
          .isInstanceOf(UnsupportedTiffException.class)
          .hasMessage(reason);
    }
  }

  static Stream<Arguments> corrupt() {
    int most = Integer.MAX_VALUE;
    return Stream.of(
        kind(
            "one value for all bands",
            new TestTiff(3).field(TestTiff.BITS_PER_SAMPLE, TestTiff.SHORT, 8, 8, 16)),
        kind("predictor", with(TestTiff.PREDICTOR, 9)),
        kind("tile height", new TestTiff(1).without(TestTiff.TILE_LENGTH)),
        kind("tile width", with(TestTiff.TILE_WIDTH, 0)),
        kind("width", with(TestTiff.IMAGE_WIDTH, 0)),
        kind("height", new TestTiff(1).field(TestTiff.IMAGE_LENGTH, TestTiff.LONG, -1)),
        kind("bands", with(TestTiff.SAMPLES_PER_PIXEL, 0)),
        kind("planar layout", with(TestTiff.PLANAR_CONFIGURATION, 3)),
        kind("expected 8 tiles, found 6 offsets", with(TestTiff.IMAGE_WIDTH, 49)),
        kind(
            "expected 12 tiles, found 6 offsets",
            new TestTiff(2).field(TestTiff.PLANAR_CONFIGURATION, TestTiff.SHORT, 2)),
        kind(
            "tiles, found 6 offsets",
            new TestTiff(1)
                .field(TestTiff.IMAGE_WIDTH, TestTiff.LONG, most)
                .field(TestTiff.IMAGE_LENGTH, TestTiff.LONG, most)),
        kind("field 324", new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, TestTiff.LONG8, -1, 16)),
        kind(
            "field 324",
            new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, TestTiff.LONG8, 1L << 60, 16)),
        kind("outside", new TestTiff(1).big().lie(TestTiff.TILE_OFFSETS, TestTiff.LONG8, 7, -8)),
        kind("outside", new TestTiff(3).lie(258, TestTiff.SHORT, 99_999, 8)),
        kind("field 258", new TestTiff(3).lie(258, TestTiff.SHORT, 1L << 31, 8)));
  }

  @ParameterizedTest
  @MethodSource("corrupt")
  void rejectsCorruptDirectories(String reason, TestTiff tiff) {
    try (HostBuffer file = TestTiff.buffer(tiff.bytes())) {
      assertThatThrownBy(() -> open(file))
          .isInstanceOfSatisfying(
              SceneException.class,
              e -> assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT))
          .hasMessageContaining(reason);
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
    assertThat(read).as("prefixes that contain the image").isZero();
    for (int at = 0; at < file.length; at++) {
      for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF, file[at] ^ 0x10}) {
        byte[] changed = file.clone();
        changed[at] = (byte) value;
        read += survives(changed) ? 1 : 0;
      }
    }
    assertThat(read).as("changes that do not matter").isGreaterThan(0);
  }

  private static boolean survives(byte[] bytes) throws InterruptedException {
    try (HostBuffer file = TestTiff.buffer(bytes)) {
      CogLayout layout = CogLayout.read("a.tif", bytes.length, file::slice);
      layout.tiled(file).check(ALL, new int[] {2, 1}, 1);
      return true;
    } catch (SceneException
        | UnsupportedTiffException
        | CorruptTileException
        | IndexOutOfBoundsException expected) {
      return false;
    }
  }
}

package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.testing.TestTiff;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Irregular TIFFs that libtiff reads, and the limits that hostile ones run into. */
@Timeout(60)
class LenientTiffTest {

  private static CogLayout read(byte[] file) throws SceneException, InterruptedException {
    return CogLayout.read(
        "a.tif",
        file.length,
        (offset, length) -> ByteBuffer.wrap(file, Math.toIntExact(offset), length));
  }

  private static void assertSame(CogLayout found, CogLayout expected) {
    assertThat(found.width()).isEqualTo(expected.width());
    assertThat(found.height()).isEqualTo(expected.height());
    assertThat(found.columns()).isEqualTo(expected.columns());
    assertThat(found.rows()).isEqualTo(expected.rows());
    for (int row = 0; row < expected.rows(); row++) {
      for (int column = 0; column < expected.columns(); column++) {
        assertThat(found.tile(column, row, 1)).isEqualTo(expected.tile(column, row, 1));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 9, 100_000, 0xFFFF_FFFFL})
  void ignoresADanglingNextDirectory(long next) throws Exception {
    assertSame(read(new TestTiff(1).next(next).bytes()), read(new TestTiff(1).bytes()));
    assertSame(read(new TestTiff(1).big().next(next).bytes()), read(new TestTiff(1).big().bytes()));
  }

  @Test
  void reportsACorruptFirstDirectory() {
    byte[] file = new TestTiff(1).bytes();
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, 9);
    assertThatThrownBy(() -> read(file)).hasMessageContaining("corrupt TIFF");
  }

  @Test
  void readsAFileOfManyDirectories() throws Exception {
    int directories = 500;
    int each = 2 + 12 + 4;
    int start = new TestTiff(1).bytes().length;
    byte[] file = Arrays.copyOf(new TestTiff(1).next(start).bytes(), start + directories * each);
    ByteBuffer out = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).position(start);
    for (int i = 1; i <= directories; i++) {
      // One field, the width, and the offset of the next directory.
      out.putShort((short) 1).putShort((short) 256).putShort((short) 3).putInt(1).putInt(7);
      out.putInt(i == directories ? 0 : start + i * each);
    }
    assertSame(read(file), read(new TestTiff(1).bytes()));
  }

  @Test
  void rejectsUncompressedTilesThatAreTooShort() {
    // libtiff reads on behind them; these bytes would not be fetched.
    byte[] file =
        new TestTiff(1)
            .field(TestTiff.COMPRESSION, TestTiff.SHORT, 1)
            .field(TestTiff.TILE_WIDTH, TestTiff.SHORT, 2 * TestTiff.TILE)
            .bytes();
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("tile 0: expected 512 uncompressed bytes, found ");
  }

  /** Opens a file that is located by a description beside it. */
  private static void requireSupported(byte[] bytes) throws Exception {
    ImageSidecar beside =
        new ImageSidecar(
            "a.tif.aux.xml",
            Optional.of(new double[] {500_000, 1, 0, 5_200_000, 0, -1}),
            Optional.empty(),
            false,
            Map.of(),
            Optional::empty);
    try (HostBuffer memory = TestTiff.buffer(bytes);
        CogFile file = CogFile.open("a.tif", memory, beside, Optional.empty(), 1)) {
      SupportedFile.require(file, false);
    }
  }

  @Test
  void refusesAMaskOfEachBand() throws Exception {
    int bands = 3;
    int samples = TestTiff.WIDTH * TestTiff.HEIGHT * bands;
    int start = new TestTiff(bands).bytes().length;
    int[][] fields = {
      {254, 4},
      {256, TestTiff.WIDTH},
      {257, TestTiff.HEIGHT},
      {258, 8},
      {259, 1},
      {262, 4},
      {273, start + 200},
      {277, bands},
      {278, TestTiff.HEIGHT},
      {279, samples},
      {284, 1}
    };
    byte[] file = Arrays.copyOf(new TestTiff(bands).next(start).bytes(), start + 200 + samples);
    ByteBuffer out = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).position(start);
    out.putShort((short) fields.length);
    for (int[] field : fields) {
      out.putShort((short) field[0]).putShort((short) 4).putInt(1).putInt(field[1]);
    }
    requireSupported(new TestTiff(bands).bytes());
    assertThatThrownBy(() -> requireSupported(file))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected a mask of all bands, found one of 3 bands");
  }

  @Test
  void refusesReversedBits() {
    byte[] file = new TestTiff(1).field(TestTiff.FILL_ORDER, TestTiff.SHORT, 2).bytes();
    assertThatThrownBy(() -> requireSupported(file))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected bits in fill order 1, found 2");
  }

  @Test
  void readsSignedOffsets() throws Exception {
    assertSame(
        read(new TestTiff(1).big().offsetType(TestTiff.SLONG8).bytes()),
        read(new TestTiff(1).big().bytes()));
  }

  @Test
  void rejectsNegativeOffsets() {
    TestTiff tiff =
        new TestTiff(1)
            .big()
            .field(TestTiff.TILE_OFFSETS, TestTiff.SLONG8, 16, 16, 16, -16, 16, 16);
    assertThatThrownBy(() -> read(tiff.bytes()))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("tile offsets: expected values from 0 to 2^63 - 1, found -16");
  }

  @Test
  void readsTileOffsetsWithoutTileWidthAsStrips() throws Exception {
    CogLayout layout =
        read(new TestTiff(1).without(TestTiff.TILE_WIDTH).without(TestTiff.TILE_LENGTH).bytes());
    assertThat(layout.columns()).isEqualTo(1);
    assertThat(layout.rows()).isEqualTo(1);
    assertThat(layout.tileWidth()).isEqualTo(TestTiff.WIDTH);
    assertThat(layout.tileHeight()).isEqualTo(TestTiff.HEIGHT);
    assertThat(layout.tile(0, 0, 1)).isEqualTo(read(new TestTiff(1).bytes()).tile(0, 0, 1));
  }

  @Test
  void readsStripOffsetsOfATiledImage() throws Exception {
    long[] offsets = LongStream.range(8, 14).toArray();
    long[] counts = LongStream.range(1, 7).toArray();
    TestTiff expected =
        new TestTiff(1)
            .field(TestTiff.TILE_OFFSETS, TestTiff.LONG, offsets)
            .field(TestTiff.TILE_BYTE_COUNTS, TestTiff.LONG, counts);
    byte[] file = expected.bytes();
    ByteBuffer fields = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int first = fields.getInt(4);
    for (int i = 0; i < fields.getShort(first); i++) {
      int at = first + 2 + 12 * i;
      int tag = fields.getShort(at);
      if (tag == TestTiff.TILE_OFFSETS) {
        fields.putShort(at, (short) 273);
      } else if (tag == TestTiff.TILE_BYTE_COUNTS) {
        fields.putShort(at, (short) 279);
      }
    }
    assertSame(read(file), read(expected.bytes()));
  }

  @Test
  void rejectsMoreTilesThanItCanIndexAndSaysHowMany() {
    int tiles = (1 << 24) + 1;
    byte[] directory = new TestTiff(1).lie(TestTiff.TILE_OFFSETS, TestTiff.LONG, tiles, 16).bytes();
    byte[] file = Arrays.copyOf(directory, 4 * tiles + 16);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("expected at most 16777216 tiles, found 16777217: rewrite");
    // More values than there are bytes for are no large image.
    assertThatThrownBy(() -> read(directory))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("corrupt TIFF: ");
  }

  @Test
  void readsASparseImageOfMillionsOfTiles() throws Exception {
    int tiles = 2240 * 2240;
    int zeros = 1 << 12;
    TestTiff tiff =
        new TestTiff(1)
            .field(TestTiff.IMAGE_WIDTH, TestTiff.LONG, 2240 * 16)
            .field(TestTiff.IMAGE_LENGTH, TestTiff.LONG, 2240 * 16)
            .lie(TestTiff.TILE_OFFSETS, TestTiff.LONG, tiles, zeros)
            .lie(TestTiff.TILE_BYTE_COUNTS, TestTiff.LONG, tiles, zeros);
    CogLayout layout = read(Arrays.copyOf(tiff.bytes(), zeros + 4 * tiles));
    assertThat(layout.columns() * layout.rows()).isEqualTo(tiles).isGreaterThan(1 << 22);
    assertThat(layout.tiles(1)).isEmpty();
  }

  private static TestTiff sharedTiles(int compression) {
    long[] offsets = new long[16];
    long[] counts = new long[16];
    Arrays.fill(offsets, 8);
    Arrays.fill(counts, 1000);
    return new TestTiff(1)
        .field(TestTiff.IMAGE_WIDTH, TestTiff.LONG, 4 * 8192)
        .field(TestTiff.IMAGE_LENGTH, TestTiff.LONG, 4 * 8192)
        .field(TestTiff.TILE_WIDTH, TestTiff.LONG, 8192)
        .field(TestTiff.TILE_LENGTH, TestTiff.LONG, 8192)
        .field(TestTiff.COMPRESSION, TestTiff.SHORT, compression)
        .field(TestTiff.TILE_OFFSETS, TestTiff.LONG, offsets)
        .field(TestTiff.TILE_BYTE_COUNTS, TestTiff.LONG, counts);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 8, 50000})
  void rejectsTilesThatShareTheirBytes(int compression) {
    byte[] file = Arrays.copyOf(sharedTiles(compression).bytes(), 10_000);
    assertThatThrownBy(() -> read(file))
        .isInstanceOfSatisfying(
            SceneException.class,
            e -> assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT))
        .hasMessageContaining("decoded bytes per stored byte, found 107374");
  }

  @Test
  void readsAnImageOfZeros() throws Exception {
    // As many bytes as DEFLATE needs for zeros.
    int size = 4 * 8192 * 4 * 8192 / 1030;
    assertThat(read(Arrays.copyOf(sharedTiles(8).bytes(), size)).columns()).isEqualTo(4);
  }
}

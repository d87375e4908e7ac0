package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SparseObject;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.testing.GeoTiffs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CogLayoutTest {
  private static final Path SAMPLES =
      Path.of(System.getProperty("kiln.shared", "../../shared")).resolve("samples");

  @TempDir Path directory;

  private static FileBytes of(SparseObject object) {
    return (offset, length) -> {
      try {
        return object.bytes(offset, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private static FileBytes of(byte[] file) {
    return (offset, length) -> {
      if (offset < 0 || length < 0 || offset + length > file.length) {
        throw new AssertionError("bytes " + offset + "+" + length + " of " + file.length);
      }
      return ByteBuffer.wrap(file, (int) offset, length);
    };
  }

  private static CogLayout read(byte[] file) throws SceneException, InterruptedException {
    return CogLayout.read("scene.tif", file.length, of(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BIGTIFF=NO ENDIANNESS=LITTLE",
        "BIGTIFF=NO ENDIANNESS=BIG",
        "BIGTIFF=YES ENDIANNESS=LITTLE",
        "BIGTIFF=YES ENDIANNESS=BIG",
        "INTERLEAVE=BAND",
        "TILED=NO BLOCKYSIZE=40",
        "TILED=NO BLOCKYSIZE=40 INTERLEAVE=BAND BIGTIFF=YES ENDIANNESS=BIG",
        "COMPRESS=NONE",
        "COMPRESS=LZW PREDICTOR=2",
        "BLOCKXSIZE=128 BLOCKYSIZE=64"
      })
  void plannedRangesContainThePixels(String options) throws Exception {
    GeoTiffs tiff = GeoTiffs.naip().size(1300, 1100).bands(3);
    for (String option : options.split(" ")) {
      tiff.option(option);
    }
    if (options.contains("TILED=NO")) {
      tiff.option("BLOCKXSIZE=1300");
    }
    Path file = tiff.write(directory.resolve("scene.tif"));
    samePixels(file, 3);

    CogLayout layout = read(Files.readAllBytes(file));
    assertThat(layout.width()).isEqualTo(1300);
    assertThat(layout.height()).isEqualTo(1100);
    assertThat(layout.bands()).isEqualTo(3);
    assertThat(layout.bits()).isEqualTo(8);
    assertThat(layout.format()).isEqualTo(1);
    assertThat(layout.interleaved()).isEqualTo(!options.contains("BAND"));
    assertThat(layout.predictor()).isEqualTo(options.contains("PREDICTOR=2") ? 2 : 1);
    assertThat(layout.compression())
        .isEqualTo(options.contains("NONE") ? 1 : options.contains("LZW") ? 5 : 8);
    assertThat(layout.tileHeight())
        .isEqualTo(options.contains("TILED=NO") ? 40 : options.contains("=64") ? 64 : 512);
  }

  static Stream<Path> samples() throws IOException {
    if (!Files.isDirectory(SAMPLES)) {
      return Stream.of(SAMPLES);
    }
    try (Stream<Path> files = Files.walk(SAMPLES)) {
      return files.filter(f -> f.toString().endsWith(".tif")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void plannedRangesContainThePixelsOfRealScenes(Path file) throws Exception {
    assumeTrue(Files.isRegularFile(file), "SKIPPED: no sample scenes at " + SAMPLES);
    samePixels(file, 1);
  }

  /** Compares windows read from planned ranges with those of the whole file. */
  private static void samePixels(Path path, int bands) throws Exception {
    byte[] whole = Files.readAllBytes(path);
    Path name = path.getFileName();
    try (ObjectStore store = ObjectStores.open(path.getParent().toString());
        SparseObject sparse = store.open(List.of(name.toString())).get(0);
        HostBuffer full = HostBuffer.allocate("whole file", whole.length)) {
      full.slice(0, whole.length).put(whole);
      CogLayout layout = CogLayout.read(name.toString(), sparse.size(), of(sparse));
      ChipGrid grid = ChipGrid.of(layout.width(), layout.height(), 64);
      BitSet surviving = new BitSet();
      Random random = new Random(5);
      for (int i = 0; i < Math.max(3, grid.size() / 50); i++) {
        surviving.set(random.nextInt(grid.size()));
      }
      List<StripWindow> windows =
          grid.strips(
              new StripStep(layout.tileHeight(), layout.tileWidth(), 1, 1, Long.MAX_VALUE),
              surviving);
      List<ByteRange> tiles = layout.tiles(windows, 1, 1, bands);
      long before = sparse.heldBytes();
      store.fetch(List.of(sparse.plan(tiles)));
      long needed = tiles.stream().mapToLong(ByteRange::length).sum();
      assertThat(sparse.heldBytes() - before).isLessThanOrEqualTo((long) (1.02 * needed));

      try (CogFile some = CogFile.open("some", sparse.buffer(), 1);
          CogFile all = CogFile.open("all", full, 1)) {
        assertThat(some.width()).isEqualTo(layout.width());
        assertThat(some.height()).isEqualTo(layout.height());
        assertThat(some.bands()).isEqualTo(layout.bands());
        assertThat(some.tileHeight()).isEqualTo(layout.tileHeight());
        assertThat(some.interleaved()).isEqualTo(layout.interleaved() && layout.bands() > 1);
        int[] numbers = bands == 1 ? new int[] {1} : new int[] {1, bands};
        for (StripWindow window : windows) {
          for (StripWindow.Span span : window.spans()) {
            assertThat(pixels(some, numbers, window, span))
                .isEqualTo(pixels(all, numbers, window, span));
          }
        }
      }
    }
  }

  private static byte[] pixels(CogFile file, int[] bands, StripWindow window, StripWindow.Span span)
      throws SceneException {
    int width = span.end() - span.begin();
    int pixel = file.type().bytes();
    int plane = width * window.rows() * pixel;
    byte[] bytes = new byte[plane * bands.length];
    try (HostBuffer pixels = HostBuffer.allocate("pixels", bytes.length)) {
      file.read(
          bands,
          span.begin(),
          window.firstRow(),
          width,
          window.rows(),
          pixels,
          new CogFile.BandLayout(0, pixel, (long) width * pixel, plane));
      pixels.slice(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  @Test
  void tilesOfCoarserBandsCoverTheSameArea() throws Exception {
    byte[] file = tiles(800, 800, 64);
    CogLayout layout = read(file);
    // A pixel of this band covers 2 × 2 grid pixels.
    StripWindow window =
        new StripWindow(
            256,
            256,
            0,
            1600,
            new StripWindow.Span(1, 2),
            new StripWindow.Span(0, 6),
            List.of(new StripWindow.Span(256, 512)),
            true);
    List<ByteRange> found = layout.tiles(List.of(window), 2, 1);
    List<ByteRange> expected = new ArrayList<>();
    for (int row = 2; row <= 3; row++) {
      for (int column = 2; column <= 3; column++) {
        expected.add(layout.tile(column, row, 1));
      }
    }
    assertThat(found).isEqualTo(expected);
  }

  private byte[] tiles(int width, int height, int tile) throws IOException {
    return Files.readAllBytes(
        GeoTiffs.naip()
            .size(width, height)
            .bands(1)
            .option("BLOCKXSIZE=" + tile)
            .option("BLOCKYSIZE=" + tile)
            .write(directory.resolve("tiles.tif")));
  }

  @Test
  void omitsTilesThatWereNeverWritten() throws Exception {
    byte[] file = tiles(300, 300, 64);
    CogLayout layout = read(file);
    // GDAL writes byte counts of small tiles as 16-bit integers.
    byte[] counts =
        ByteBuffer.allocate(4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putShort((short) layout.tile(1, 1, 1).length())
            .putShort((short) layout.tile(2, 1, 1).length())
            .array();
    int at = indexOf(file, counts);
    assertThat(at).isPositive();
    Arrays.fill(file, at + 2, at + 4, (byte) 0);
    CogLayout sparse = read(file);
    assertThat(sparse.tile(2, 1, 1).length()).isZero();
    StripWindow all =
        new StripWindow(
            0,
            256,
            0,
            256,
            new StripWindow.Span(0, 1),
            new StripWindow.Span(0, 1),
            List.of(new StripWindow.Span(0, 256)),
            true);
    assertThat(sparse.tiles(List.of(all), 1, 1)).hasSize(15);
  }

  private static int indexOf(byte[] file, byte[] part) {
    for (int i = 0; i + part.length <= file.length; i++) {
      if (Arrays.equals(file, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    return -1;
  }

  static Stream<byte[]> noTiffs() {
    return Stream.of(
        new byte[0],
        "<html>not found</html>".getBytes(),
        new byte[] {'I', 'I', 42, 0},
        new byte[] {'I', 'I', 42, 0, 0, 0, 0, 0},
        new byte[] {'I', 'I', 42, 0, 8, 0, 0, 0},
        new byte[] {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0},
        new byte[] {'M', 'M', 0, 43, 0, 8, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1},
        new byte[] {'I', 'I', 42, 0, -1, -1, -1, -1, 0, 0, 0, 0});
  }

  @ParameterizedTest
  @MethodSource("noTiffs")
  void otherFilesArePermanentFaults(byte[] file) {
    assertThatThrownBy(() -> read(file))
        .isInstanceOfSatisfying(
            SceneException.class,
            e -> assertThat(e.kind()).isEqualTo(SceneException.Kind.PERMANENT))
        .hasMessageMatching("scene.tif: (corrupt TIFF|not a GeoTIFF).*");
  }

  @Test
  void endsAtCyclicDirectories() throws Exception {
    byte[] file = tiles(128, 128, 64);
    CogLayout expected = read(file);
    int first = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
    int fields = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getShort(first);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(first + 2 + 12 * fields, first);
    CogLayout layout = read(file);
    assertThat(layout.width()).isEqualTo(128);
    assertThat(layout.tile(1, 1, 1)).isEqualTo(expected.tile(1, 1, 1));
  }

  @Test
  void namesTheTileOfATruncatedObject() throws Exception {
    byte[] file = tiles(300, 300, 64);
    byte[] cut = Arrays.copyOf(file, file.length - 1000);
    assertThatThrownBy(() -> read(cut))
        .isInstanceOf(SceneException.class)
        .hasMessageContaining("truncated or corrupt");
  }

  /** Any file gives either a layout whose tiles are within it or a fault. */
  @ParameterizedTest
  @ValueSource(strings = {"BIGTIFF=NO", "BIGTIFF=YES"})
  void hostileFilesAreHarmless(String kind) throws Exception {
    byte[] file =
        Files.readAllBytes(
            GeoTiffs.naip()
                .size(300, 280)
                .bands(2)
                .option("BLOCKXSIZE=64")
                .option("BLOCKYSIZE=64")
                .option(kind)
                .write(directory.resolve("victim.tif")));
    int directory = 1500;
    Random random = new Random(11);
    byte[] extremes = {0, 1, -1, 127, -128, 2, 8, 16};
    int read = 0;
    int refused = 0;
    for (int round = 0; round < 5_000; round++) {
      byte[] hostile = file.clone();
      for (int i = 0; i < 1 + random.nextInt(6); i++) {
        int at = random.nextInt(directory);
        if (random.nextBoolean()) {
          hostile[at] = extremes[random.nextInt(extremes.length)];
        } else {
          Arrays.fill(hostile, at, at + 1 + random.nextInt(8), extremes[random.nextInt(3)]);
        }
      }
      if (random.nextInt(10) == 0) {
        hostile = Arrays.copyOf(hostile, random.nextInt(directory));
      }
      try {
        CogLayout layout = read(hostile);
        for (int row = 0; row < layout.rows(); row++) {
          ByteRange tile = layout.tile(0, row, layout.bands());
          assertThat(tile.end()).isLessThanOrEqualTo(hostile.length);
        }
        read++;
      } catch (SceneException fault) {
        assertThat(fault.kind()).isEqualTo(SceneException.Kind.PERMANENT);
        assertThat(fault.reason()).doesNotContain("\n");
        refused++;
      }
    }
    assertThat(read).isGreaterThan(300);
    assertThat(refused).isGreaterThan(300);
  }
}

package dev.kiln.raster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.error.SceneException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.testing.GeoTiffs;
import dev.kiln.type.PixelType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The native decoder and GDAL decode the same bytes. */
class DecodersAgreeTest {
  private static final byte UNTOUCHED = 0x5A;

  @TempDir Path directory;

  /** Bands to read and their layout in the target. */
  private record Order(int[] bands, boolean interleaved) {
    @Override
    public String toString() {
      return Arrays.toString(bands) + (interleaved ? " interleaved" : " planar");
    }
  }

  static Stream<Arguments> codings() {
    List<Arguments> codings = new ArrayList<>();
    for (String type : List.of("uint8", "uint16", "int16", "float32")) {
      for (String compression : List.of("NONE", "DEFLATE", "ZSTD", "LZW")) {
        for (int predictor = 1; predictor <= 3; predictor++) {
          boolean known = predictor < 3 || type.equals("float32");
          if (known && (predictor == 1 || !compression.equals("NONE"))) {
            codings.add(Arguments.of(type, compression, predictor));
          }
        }
      }
    }
    return codings.stream();
  }

  @ParameterizedTest(name = "{0}, {1}, predictor {2}")
  @MethodSource("codings")
  void onAllTypesCompressionsAndPredictors(String type, String compression, int predictor)
      throws Exception {
    TileDecoder expected = compression.equals("LZW") ? TileDecoder.GDAL : TileDecoder.NATIVE;
    // All combinations for one coding; for the others, all pairs with the interleaving, the number
    // of
    // bands and the byte order, and BigTIFF and tile sizes in turn.
    boolean all = type.equals("uint16") && compression.equals("DEFLATE") && predictor == 2;
    int files = 0;
    int turn = Math.floorMod((type + compression + predictor).hashCode(), 6);
    for (String interleave : List.of("PIXEL", "BAND")) {
      for (int bands : new int[] {1, 2, 3, 4, 5, 8, 17}) {
        for (String order : List.of("LITTLE", "BIG")) {
          turn++;
          for (int form = all ? 0 : turn % 6; form < (all ? 6 : turn % 6 + 1); form++) {
            int[] tile = new int[][] {{16, 16}, {64, 32}, {48, 112}}[form / 2];
            Path file =
                GeoTiffs.naip()
                    .size(101, 75)
                    .bands(bands)
                    .type(type)
                    .wide()
                    .seed(turn + files)
                    .option("COMPRESS=" + compression)
                    .option("PREDICTOR=" + predictor)
                    .option("INTERLEAVE=" + interleave)
                    .option("ENDIANNESS=" + order)
                    .option("BIGTIFF=" + (form % 2 == 0 ? "NO" : "YES"))
                    .option("BLOCKXSIZE=" + tile[0])
                    .option("BLOCKYSIZE=" + tile[1])
                    .write(directory.resolve("a.tif"));
            agree(file, expected);
            files++;
          }
        }
      }
    }
    assertThat(files).isEqualTo(2 * 7 * 2 * (all ? 6 : 1));
  }

  @ParameterizedTest(name = "{0}, nodata {1}")
  @CsvSource({
    "uint8,",
    "uint8,255",
    "uint8,-3",
    "uint8,300",
    "uint8,7.5",
    "uint8,NaN",
    "uint16,0",
    "uint16,70000",
    "int16,-9999",
    "int16,-9999.5",
    "int16,-40000",
    "float32,NaN",
    "float32,-9999.25",
    "float32,1e300"
  })
  void onOmittedTiles(String type, Double nodata) throws Exception {
    for (String interleave : List.of("PIXEL", "BAND")) {
      for (String order : List.of("LITTLE", "BIG")) {
        GeoTiffs tiff =
            GeoTiffs.naip()
                .size(200, 150)
                .bands(3)
                .type(type)
                .wide()
                .hole(40, 20, 120, 100)
                .option("SPARSE_OK=TRUE")
                .option("INTERLEAVE=" + interleave)
                .option("ENDIANNESS=" + order)
                .option("BLOCKXSIZE=32")
                .option("BLOCKYSIZE=32");
        if (nodata != null) {
          tiff.nodata(nodata);
        }
        agree(tiff.write(directory.resolve("a.tif")), TileDecoder.NATIVE);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "TILED=NO, GDAL",
    "COMPRESS=JPEG, GDAL",
    "COMPRESS=PACKBITS, GDAL",
    "COMPRESS=LERC, GDAL",
    "NBITS=5, GDAL",
    "PHOTOMETRIC=MINISWHITE, GDAL",
    "PHOTOMETRIC=RGB, NATIVE",
    "ALPHA=YES, NATIVE",
    "NUM_THREADS=2, NATIVE"
  })
  void onOtherCreationOptions(String option, TileDecoder expected) throws Exception {
    Path file =
        GeoTiffs.naip()
            .size(150, 70)
            .bands(option.contains("RGB") ? 3 : 1)
            .option("BLOCKXSIZE=64")
            .option("BLOCKYSIZE=64")
            .option(option)
            .write(directory.resolve("a.tif"));
    agree(file, expected);
  }

  @Test
  void onRealScenes() throws Exception {
    Path samples = Path.of(System.getProperty("kiln.shared", "none"), "samples");
    assumeTrue(Files.isDirectory(samples), "SKIPPED: no sample scenes at " + samples);
    List<Path> files;
    try (Stream<Path> all = Files.walk(samples)) {
      files = all.filter(f -> f.toString().endsWith(".tif")).sorted().toList();
    }
    assertThat(files).hasSizeGreaterThan(10);
    for (Path file : files) {
      agree(file, TileDecoder.NATIVE);
    }
  }

  private static void agree(Path path, TileDecoder expected) throws IOException, SceneException {
    try (HostBuffer bytes = read(path);
        CogFile gdal = CogFile.open(path.toString(), bytes, 1, TileDecoder.GDAL);
        CogFile one = CogFile.open(path.toString(), bytes, 1);
        CogFile three = CogFile.open(path.toString(), bytes, 3)) {
      assertThat(gdal.decoder()).isEqualTo(TileDecoder.GDAL);
      assertThat(one.decoder()).as(path.toString()).isEqualTo(expected);
      for (int[] window : windows(gdal)) {
        for (Order order : orders(gdal)) {
          byte[] pixels = pixels(gdal, window, order);
          String what = "%s of %s".formatted(Arrays.toString(window), order);
          assertThat(Arrays.mismatch(pixels(one, window, order), pixels)).as(what).isEqualTo(-1);
          assertThat(Arrays.mismatch(pixels(three, window, order), pixels)).as(what).isEqualTo(-1);
        }
      }
    }
  }

  /** The whole image, whole and partial tiles, edges and corners. */
  private static List<int[]> windows(CogFile file) {
    int w = file.width();
    int h = file.height();
    Random random = new Random(w * 31L + h);
    List<int[]> windows = new ArrayList<>();
    windows.add(new int[] {0, 0, w, h});
    windows.add(new int[] {w - 1, h - 1, 1, 1});
    windows.add(new int[] {0, h / 2, w, Math.min(file.tileHeight(), h - h / 2)});
    int x = random.nextInt(w / 2);
    int y = random.nextInt(h / 2);
    windows.add(new int[] {x, y, 1 + random.nextInt(w - x), 1 + random.nextInt(h - y)});
    return windows;
  }

  private static List<Order> orders(CogFile file) {
    int[] all = IntStream.rangeClosed(1, file.bands()).toArray();
    List<Order> orders = new ArrayList<>();
    orders.add(new Order(all, file.interleaved()));
    orders.add(new Order(all, !file.interleaved()));
    if (file.bands() > 2) {
      orders.add(new Order(new int[] {3, 1}, true));
      orders.add(new Order(new int[] {2}, false));
    }
    return orders;
  }

  /** The pixels read and the bytes around them. */
  private static byte[] pixels(CogFile file, int[] window, Order order) throws SceneException {
    int bytes = file.type().bytes();
    int bands = order.bands().length;
    long pixelStride = order.interleaved() ? (long) bands * bytes : bytes;
    long lineStride = window[2] * pixelStride + bytes;
    long bandStride = order.interleaved() ? bytes : window[3] * lineStride;
    long size = 16 + window[3] * lineStride * (order.interleaved() ? 1 : bands) + 16;
    try (HostBuffer into = HostBuffer.allocate("pixels", size)) {
      byte[] pixels = new byte[(int) size];
      Arrays.fill(pixels, UNTOUCHED);
      ByteBuffer view = into.slice(0, pixels.length);
      view.put(0, pixels);
      file.read(
          order.bands(),
          window[0],
          window[1],
          window[2],
          window[3],
          into,
          new CogFile.BandLayout(16, pixelStride, lineStride, bandStride));
      view.get(0, pixels);
      return pixels;
    }
  }

  private static HostBuffer read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    HostBuffer buffer = HostBuffer.allocate(file.toString(), bytes.length);
    buffer.slice(0, bytes.length).put(bytes);
    return buffer;
  }

  @ParameterizedTest
  @CsvSource({
    "UINT8, , 0",
    "UINT8, 2.5, 3",
    "UINT8, -1, 0",
    "UINT8, 1000, 255",
    "UINT8, NaN, 0",
    "UINT16, 65535, 65535",
    "INT16, -2.5, -3",
    "INT16, -9999, -9999",
    "INT16, 1e9, 32767",
    "FLOAT32, 1, 1065353216",
    "FLOAT32, -Infinity, -8388608"
  })
  void fillsWithTheNearestValueToNodata(PixelType type, Double nodata, int pixel) {
    var value = nodata == null ? OptionalDouble.empty() : OptionalDouble.of(nodata);
    assertThat(NativeTiles.pixel(type, value)).isEqualTo(pixel);
  }
}

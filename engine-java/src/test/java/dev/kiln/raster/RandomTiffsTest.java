package dev.kiln.raster;

import static dev.kiln.gdal.global.gdal.CE_None;
import static dev.kiln.gdal.global.gdal.GA_ReadOnly;
import static dev.kiln.gdal.global.gdal.GDALClose;
import static dev.kiln.gdal.global.gdal.GDALGetBlockSize;
import static dev.kiln.gdal.global.gdal.GDALGetMaskBand;
import static dev.kiln.gdal.global.gdal.GDALGetMaskFlags;
import static dev.kiln.gdal.global.gdal.GDALGetMetadataItem;
import static dev.kiln.gdal.global.gdal.GDALGetRasterBand;
import static dev.kiln.gdal.global.gdal.GDALOpen;
import static dev.kiln.gdal.global.gdal.GDALRasterIOEx;
import static dev.kiln.gdal.global.gdal.GDT_Float32;
import static dev.kiln.gdal.global.gdal.GF_Read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.gdal.GDALDatasetH;
import dev.kiln.gdal.GDALRasterBandH;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.testing.GeoTiffs;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Small TIFFs of random layouts: Kiln reads the pixels that GDAL reads, and takes those for missing
 * that a mask, an alpha band or a tile that was not written excludes. The seed is printed; {@code
 * -Dkiln.random.seed=N} sets another one, and {@code -Dkiln.random.files=N} the number of files.
 */
class RandomTiffsTest {
  private static final int PER_DATASET = 2; // GMF_PER_DATASET
  private static final int NODATA = 8; // GMF_NODATA

  @TempDir Path directory;

  /** A file and what is known of it. */
  private static final class Layout {
    final Random random;
    final List<String> options = new ArrayList<>();
    final String type;
    final int width;
    final int height;
    final boolean alpha;
    final boolean east;
    final boolean south;
    final boolean masked;
    final int bands;
    final boolean sparse;
    final boolean overviews;
    final Double nodata;

    Layout(long seed) {
      random = new Random(seed);
      type = any("uint8", "uint8", "uint16", "int16", "float32");
      width = 17 + random.nextInt(80);
      height = 17 + random.nextInt(60);
      east = random.nextInt(4) == 0;
      south = random.nextInt(4) == 0;
      alpha = random.nextInt(4) == 0;
      masked = random.nextInt(4) == 0;
      sparse = random.nextInt(4) == 0;
      overviews = random.nextInt(4) == 0;
      nodata = random.nextInt(3) == 0 ? (Double) (double) random.nextInt(100) : null;
      // GDAL tags the first band after grey or RGB as alpha.
      bands = alpha ? 2 + 2 * random.nextInt(2) : 1 + random.nextInt(6);
      boolean jpeg = type.equals("uint8") && (bands == 1 || bands == 3) && random.nextInt(8) == 0;
      String compression =
          jpeg
              ? "JPEG"
              : any(
                  "NONE", "DEFLATE", "DEFLATE", "ZSTD", "ZSTD", "LZW", "PACKBITS", "LERC", "LZMA");
      options.add("COMPRESS=" + compression);
      boolean predicts = List.of("DEFLATE", "ZSTD", "LZW").contains(compression);
      int predictor = predicts ? 1 + random.nextInt(type.equals("float32") ? 3 : 2) : 1;
      options.add("PREDICTOR=" + predictor);
      options.add("INTERLEAVE=" + any("PIXEL", "BAND"));
      options.add("ENDIANNESS=" + any("LITTLE", "BIG"));
      options.add("BIGTIFF=" + any("NO", "YES"));
      // Rows of JPEG blocks have 8 lines.
      boolean tiled = jpeg || random.nextInt(4) > 0;
      options.add("TILED=" + (tiled ? "YES" : "NO"));
      if (tiled) {
        options.add("BLOCKXSIZE=" + any("16", "32", "48", "128"));
      }
      options.add("BLOCKYSIZE=" + (tiled ? any("16", "32", "80") : any("1", "5", "16", "200")));
      options.add("SPARSE_OK=" + (sparse ? "TRUE" : "FALSE"));
      options.add("PHOTOMETRIC=" + (bands == 4 && alpha ? "RGB" : "MINISBLACK"));
      options.add("ALPHA=" + (alpha ? any("YES", "PREMULTIPLIED") : "NO"));
      boolean packed =
          !alpha
              && predictor == 1
              && List.of("NONE", "DEFLATE", "ZSTD", "LZW").contains(compression)
              && random.nextInt(8) == 0;
      if (packed && (type.equals("uint8") || type.equals("uint16"))) {
        options.add("NBITS=" + (1 + random.nextInt(7) + (type.equals("uint8") ? 0 : 8)));
      }
    }

    private String any(String... choices) {
      return choices[random.nextInt(choices.length)];
    }

    private boolean isMissing(int x, int y) {
      return x % 11 < 3 && y % 7 < 4;
    }

    GeoTiffs tiff() {
      int noise = random.nextInt();
      GeoTiffs tiff =
          GeoTiffs.naip()
              .type(type)
              .bands(bands)
              .size(width, height)
              .geotransform(500_000, east ? -1 : 1, 0, 5_200_000, 0, south ? 1 : -1)
              .pixels(
                  (b, x, y) ->
                      alpha && b == bands - 1
                          ? isMissing(x, y) ? 0 : 255
                          : ((b * 8009 + x * 31 + y * 7 ^ noise) & 0xFFFF) % 251);
      options.forEach(tiff::option);
      if (nodata != null) {
        tiff.nodata(nodata);
      }
      if (masked) {
        tiff.mask((x, y) -> isMissing(y, x));
      }
      if (sparse) {
        tiff.hole(random.nextInt(8), random.nextInt(8), width / 2, height / 2);
      }
      return overviews ? tiff.overviews() : tiff;
    }

    /** Returns the index of a pixel of the north-up image among the stored ones. */
    int stored(int x, int y) {
      return (south ? height - 1 - y : y) * width + (east ? width - 1 - x : x);
    }

    /** A part of the image, or the whole. */
    StripWindow window() {
      boolean whole = random.nextBoolean();
      int x = whole ? 0 : random.nextInt(width);
      int y = whole ? 0 : random.nextInt(height);
      int w = whole ? width : 1 + random.nextInt(width - x);
      int h = whole ? height : 1 + random.nextInt(height - y);
      StripWindow.Span one = new StripWindow.Span(0, 1);
      return new StripWindow(y, h, x, w, one, one, List.of(new StripWindow.Span(0, w)), true);
    }

    @Override
    public String toString() {
      return "%s %d × %d × %d %s%s%s%s%s%s %s"
          .formatted(
              type,
              width,
              height,
              bands,
              alpha ? "alpha " : "",
              masked ? "mask " : "",
              sparse ? "sparse " : "",
              nodata == null ? "" : "nodata ",
              east ? "east-left " : "",
              south ? "south-up" : "",
              options);
    }
  }

  @Test
  void pixelsAndMissingPixelsAreThoseOfGdal() throws Exception {
    long seed = Long.getLong("kiln.random.seed", 1);
    int files = Integer.getInteger("kiln.random.files", 140);
    System.out.printf("random TIFFs: -Dkiln.random.seed=%d%n", seed);
    int decodedByKiln = 0;
    for (int i = 0; i < files; i++) {
      Layout layout = new Layout(seed * 1_000_003 + i);
      Path path = layout.tiff().write(directory.resolve(i + ".tif"));
      String what = "seed %d, file %d: %s".formatted(seed, i, layout);
      byte[] bytes = Files.readAllBytes(path);
      try (HostBuffer memory = HostBuffer.allocate("random", bytes.length)) {
        memory.slice(0, bytes.length).put(bytes);
        try (CogFile file = CogFile.open("random.tif", memory, 2)) {
          decodedByKiln += file.decoder() == TileDecoder.NATIVE ? 1 : 0;
          compare(file, path, layout, what);
        }
      }
      Files.delete(path);
    }
    assertThat(decodedByKiln).as("files that GDAL did not decode").isGreaterThan(files / 4);
  }

  private static void compare(CogFile file, Path path, Layout layout, String what)
      throws Exception {
    int measured = layout.bands - (layout.alpha ? 1 : 0);
    List<SceneRaster.Source> sources = new ArrayList<>();
    for (int b = 1; b <= measured; b++) {
      sources.add(new SceneRaster.Source("band " + b, file, b));
    }
    StripWindow window = layout.window();
    GDALDatasetH reference = GDALOpen(path.toString(), GA_ReadOnly);
    try (BufferPool pool = new BufferPool();
        SceneRaster raster = SceneRaster.of(sources);
        Strip strip = raster.read(window, pool);
        FileValidity validity = raster.validity(window, pool)) {
      for (int b = 0; b < measured; b++) {
        GDALRasterBandH band = GDALGetRasterBand(reference, b + 1);
        float[] values = read(band, layout);
        boolean[] data = data(reference, band, layout);
        BandPlane plane = strip.bands().get(b);
        FileValidity.Plane known = validity.plane(b).orElse(null);
        ByteBuffer marks = known == null ? null : known.view();
        ByteBuffer raw = strip.raw();
        for (int y = 0; y < window.rows(); y++) {
          for (int x = 0; x < window.width(); x++) {
            int at = layout.stored(window.firstColumn() + x, window.firstRow() + y);
            boolean valid = known == null || known.at(marks, x, y) == FileValidity.VALID;
            if (Float.compare(plane.value(raw, x, y), values[at]) != 0 || valid != data[at]) {
              assertThat("%s, %s".formatted(plane.value(raw, x, y), valid))
                  .as("%s: band %d, pixel (%d, %d) of %s", what, b + 1, x, y, window)
                  .isEqualTo("%s, %s".formatted(values[at], data[at]));
            }
          }
        }
      }
    } finally {
      GDALClose(reference);
    }
  }

  /** Returns which pixels of a band have data as GDAL says, as stored. */
  private static boolean[] data(GDALDatasetH reference, GDALRasterBandH band, Layout layout) {
    float[] valid = null;
    int flags = GDALGetMaskFlags(band);
    if ((flags & PER_DATASET) != 0 && (flags & NODATA) == 0) {
      valid = read(GDALGetMaskBand(band), layout);
    } else if (layout.alpha) {
      valid = read(GDALGetRasterBand(reference, layout.bands), layout);
    }
    int[] columns = new int[1];
    int[] rows = new int[1];
    GDALGetBlockSize(band, columns, rows);
    int across = (layout.width - 1) / columns[0] + 1;
    boolean[] written = new boolean[across * ((layout.height - 1) / rows[0] + 1)];
    for (int i = 0; i < written.length; i++) {
      String block = "BLOCK_OFFSET_%d_%d".formatted(i % across, i / across);
      written[i] = GDALGetMetadataItem(band, block, "TIFF") != null;
    }
    boolean[] data = new boolean[layout.width * layout.height];
    for (int i = 0; i < data.length; i++) {
      int block = i / layout.width / rows[0] * across + i % layout.width / columns[0];
      data[i] = written[block] && (valid == null || valid[i] != 0);
    }
    return data;
  }

  private static float[] read(GDALRasterBandH band, Layout layout) {
    float[] values = new float[layout.width * layout.height];
    try (FloatPointer into = new FloatPointer(values.length)) {
      int result =
          GDALRasterIOEx(
              band,
              GF_Read,
              0,
              0,
              layout.width,
              layout.height,
              into,
              layout.width,
              layout.height,
              GDT_Float32,
              0,
              0,
              null);
      assertThat(result).isEqualTo(CE_None);
      into.get(values);
    }
    return values;
  }
}

package dev.kiln.quirks;

import dev.kiln.archive.ItemAssets;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.archive.StacItem;
import dev.kiln.error.KilnException;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.raster.ChipGrid;
import dev.kiln.raster.CogFile;
import dev.kiln.raster.CogLayout;
import dev.kiln.raster.FileValidity;
import dev.kiln.raster.ImageSidecar;
import dev.kiln.raster.SceneRaster;
import dev.kiln.raster.StripWindow;
import dev.kiln.testing.GeoTiffs;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Feeds mutated files, items and lists to the code that reads them. Any outcome but success and a
 * {@link KilnException} is a finding, and so is an input that takes longer than {@value
 * #LONGEST_MILLIS} ms or more than twice the memory of valid inputs. Deterministic: input {@code n}
 * of a target is always the same.
 *
 * <p>Run it for long with {@code MutationFuzz FIRST COUNT [TARGET…]}; docs/internals/testing.md has
 * the command.
 */
public final class MutationFuzz {
  static final long LONGEST_MILLIS = 20_000;

  /** Blocks of a strip are as large as this, so that hostile sizes do not count as findings. */
  private static final long STRIP_BYTES = 16 << 20;

  private static final Platform LINZ = PlatformCatalog.builtIn().get("linz");
  private static final List<Platform> PLATFORMS =
      List.of(
          LINZ,
          PlatformCatalog.builtIn().get("sentinel-2-l2a"),
          PlatformCatalog.builtIn().get("landsat-c2l2-sr"),
          PlatformCatalog.builtIn().get("naip"));

  /** Reads one input. */
  interface Target {
    void read(byte[] input) throws Exception;
  }

  private final Map<String, Target> targets = new LinkedHashMap<>();
  private final Map<String, List<byte[]>> seeds = new LinkedHashMap<>();
  private volatile String running = "";
  private volatile long since;

  /**
   * Prepares seeds.
   *
   * @param directory receives the files that are mutated
   */
  MutationFuzz(Path directory) throws IOException {
    List<byte[]> files = files(directory);
    add("raster", files, MutationFuzz::readRaster);
    add("layout", files, MutationFuzz::readLayout);
    add("item", items(), MutationFuzz::readItem);
    add("list", lists(), MutationFuzz::readList);
    add("sidecar", sidecars(), MutationFuzz::readSidecar);
  }

  private void add(String name, List<byte[]> inputs, Target target) {
    targets.put(name, target);
    seeds.put(name, inputs);
  }

  private static List<byte[]> files(Path directory) throws IOException {
    List<GeoTiffs> files = new ArrayList<>();
    for (String compress : List.of("DEFLATE", "ZSTD", "LZW", "NONE", "PACKBITS")) {
      files.add(small().option("COMPRESS=" + compress));
    }
    files.add(small().option("INTERLEAVE=BAND"));
    files.add(small().option("BIGTIFF=YES").option("PREDICTOR=2"));
    files.add(small().type("float32").option("PREDICTOR=3"));
    files.add(small().type("uint16").option("ENDIANNESS=BIG"));
    files.add(small().mask((x, y) -> x < 20));
    files.add(small().bands(4).option("ALPHA=YES"));
    files.add(small().hole(0, 0, 32, 32).option("SPARSE_OK=TRUE"));
    files.add(small().nodata(0).option("TILED=NO"));
    files.add(small().geotransform(500_000, 1, 0, 5_200_000, 0, 1));
    List<byte[]> bytes = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      bytes.add(Files.readAllBytes(files.get(i).write(directory.resolve(i + ".tif"))));
    }
    return bytes;
  }

  private static GeoTiffs small() {
    return GeoTiffs.naip().size(70, 50).bands(3).option("BLOCKXSIZE=32").option("BLOCKYSIZE=32");
  }

  private static void readRaster(byte[] input) throws Exception {
    try (HostBuffer buffer = HostBuffer.allocate("fuzz", Math.max(1, input.length));
        BufferPool pool = new BufferPool()) {
      buffer.slice(0, input.length).put(input);
      try (CogFile file = CogFile.open("fuzz.tif", buffer, 1);
          SceneRaster raster =
              SceneRaster.of(
                  List.of(
                      new SceneRaster.Source("red", file, 1),
                      new SceneRaster.Source("blue", file, file.bands())))) {
        raster.corners(0, 0, 16);
        if (raster.width() > 1 << 16 || raster.height() > 1 << 16) {
          // The engine refuses larger grids before it reads them.
          return;
        }
        ChipGrid grid = ChipGrid.of(raster.width(), raster.height(), 16);
        List<StripWindow> windows = grid.strips(raster.cut(STRIP_BYTES), grid.all());
        for (StripWindow window : windows.subList(0, Math.min(2, windows.size()))) {
          if ((long) window.width() * window.rows() > STRIP_BYTES) {
            continue;
          }
          try (Strip strip = raster.read(window, pool);
              FileValidity validity = raster.validity(window, pool)) {
            strip.raw().get(0);
            validity.isEmpty();
          }
        }
      }
    }
  }

  private static void readLayout(byte[] input) throws Exception {
    CogLayout layout =
        CogLayout.read(
            "fuzz.tif",
            input.length,
            (offset, length) -> ByteBuffer.wrap(input, Math.toIntExact(offset), length));
    layout.tile(layout.columns() - 1, layout.rows() - 1, layout.bands());
  }

  private static List<byte[]> items() {
    String linz =
        """
        {"type":"Feature","stac_version":"1.0.0","id":"a","collection":"c","geometry":null,
        "properties":{"datetime":"2023-06-15T10:30:00Z","gsd":0.3,"proj:epsg":2193},
        "assets":{"visual":{"href":"./a%20b.tif","type":"image/tiff; application=geotiff",
        "roles":["data"],"proj:shape":[100,200],"proj:transform":[1,0,5,0,-1,9],
        "raster:bands":[{"nodata":0},{"nodata":"nan"},{"scale":0.5}],
        "eo:bands":[{"name":"red"},{"common_name":"green"},{"name":"blue"}]}}}
        """;
    StringBuilder sentinel =
        new StringBuilder(
            """
            {"type":"Feature","id":"S2B_22XDL_20190507_0_L2A","collection":"sentinel-2-l2a",
            "properties":{"start_datetime":"2019-05-07 10:30:00+0000","gsd":10,
            "s2:processing_baseline":"05.10","earthsearch:boa_offset_applied":false},"assets":{
            """);
    for (String band :
        List.of(
            "blue",
            "green",
            "red",
            "rededge1",
            "rededge2",
            "rededge3",
            "nir",
            "nir08",
            "swir16",
            "swir22",
            "scl")) {
      sentinel.append(
          """
          "%1$s":{"href":"s3://bucket/key/%1$s.tif","type":"image/tiff","gsd":10,
          "bands":[{"name":"%1$s","nodata":0}]},
          """
              .formatted(band));
    }
    sentinel.append("\"thumbnail\":{\"href\":\"https://host/t.jpg\",\"type\":\"image/jpeg\"}}}");
    return List.of(
        linz.getBytes(StandardCharsets.UTF_8),
        sentinel.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void readItem(byte[] input) {
    StacItem item = StacItem.parse("items/a.json", input);
    for (Platform platform : PLATFORMS) {
      try {
        ItemAssets.map(item, platform, false);
        item.scene(platform, false);
      } catch (KilnException e) {
        // The item is not one of this platform.
        continue;
      }
    }
  }

  private static List<byte[]> sidecars() {
    String xml =
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <PAMDataset><SRS dataAxisToSRSAxisMapping="1,2">PROJCS[&quot;ü&quot;]</SRS>
        <GeoTransform> 5.0e+05, 3.0e-01, 0.0, 5.2e+06, 0.0, -3.0e-01</GeoTransform>
        <GCPList Projection=""><GCP Id="1" Pixel="0" Line="0" X="1" Y="1"/></GCPList>
        <PAMRasterBand band="1"><Description>red</Description><NoDataValue>-inf</NoDataValue>
        <UnitType>power</UnitType><Offset>-7</Offset><Scale>0.1</Scale>
        <ColorInterp>Red</ColorInterp><Metadata domain="IMAGE_STRUCTURE">
        <MDI key="PIXELTYPE">SIGNEDBYTE</MDI></Metadata></PAMRasterBand></PAMDataset>
        """;
    return List.of(
        xml.getBytes(StandardCharsets.UTF_8),
        xml.replace("UTF-8", "UTF-16").getBytes(StandardCharsets.UTF_16));
  }

  private static void readSidecar(byte[] input) {
    ImageSidecar.read("a.tif.aux.xml", input, Optional::empty);
  }

  private static List<byte[]> lists() throws IOException {
    String text =
        "# scenes\nnd/2018/100cm/a.tif\r\n\\ b.json \ns3://bucket/ü/c.json\n\nhttps://h/x?y#z\n"
            + "{\"kiln:item\":1,\"kiln:key\":\"c/i.json\",\"id\":\"i\",\"assets\":{}}\n"
            + "{\"id\":\"j\",\"links\":[{\"rel\":\"self\",\"href\":\"s3://b/j\"}]}\n";
    byte[] plain = ("\uFEFF" + text).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(plain);
    }
    return List.of(plain, zipped.toByteArray());
  }

  private static void readList(byte[] input) throws IOException {
    SceneList.each("--scenes fuzz", () -> new ByteArrayInputStream(input), key -> {});
    SceneList.read("--scenes fuzz", () -> new ByteArrayInputStream(input), Shard.whole());
  }

  // Mutation.

  /** Returns input {@code n} of a target. */
  byte[] input(String target, long n) {
    Random random = new Random(31 * n + target.hashCode());
    List<byte[]> known = seeds.get(target);
    byte[] input = known.get(random.nextInt(known.size())).clone();
    boolean text = !target.equals("raster") && !target.equals("layout");
    for (int i = random.nextInt(4); i >= 0 && input.length > 0; i--) {
      input = text ? mutateText(input, random) : mutateBytes(input, random);
    }
    return input;
  }

  private static final long[] NUMBERS = {
    0,
    1,
    2,
    8,
    255,
    256,
    65_535,
    65_536,
    Integer.MAX_VALUE,
    0xFFFF_FFFFL,
    1L << 40,
    Long.MAX_VALUE,
    -1
  };

  /** Where a TIFF's structure is, at the front and the end of small files, more than elsewhere. */
  private static byte[] mutateBytes(byte[] input, Random random) {
    int range = random.nextInt(3) > 0 ? Math.min(input.length, 700) : input.length;
    int at = random.nextInt(range);
    switch (random.nextInt(7)) {
      case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> input[at] = (byte) random.nextInt();
      case 2 -> {
        ByteBuffer view = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        long number = NUMBERS[random.nextInt(NUMBERS.length)];
        int width = new int[] {2, 4, 8}[random.nextInt(3)];
        if (at + width <= input.length) {
          switch (width) {
            case 2 -> view.putShort(at, (short) number);
            case 4 -> view.putInt(at, (int) number);
            default -> view.putLong(at, number);
          }
        }
      }
      case 3 -> {
        return Arrays.copyOf(input, at);
      }
      case 4 -> {
        int from = random.nextInt(input.length);
        int length = Math.min(random.nextInt(64), input.length - Math.max(at, from));
        System.arraycopy(input, from, input, at, length);
      }
      case 5 -> Arrays.fill(input, at, Math.min(input.length, at + random.nextInt(40)), (byte) 0);
      default -> {
        byte[] longer = new byte[input.length + 12];
        System.arraycopy(input, 0, longer, 0, at);
        System.arraycopy(input, at, longer, at + 12, input.length - at);
        return longer;
      }
    }
    return input;
  }

  private static final List<String> TEXTS =
      List.of(
          "null",
          "true",
          "-1",
          "1e999",
          "NaN",
          "\"\"",
          "[]",
          "{}",
          "\u0000",
          "\n",
          "\\u0000",
          "%zz",
          "../../",
          "//",
          "file:///etc/passwd",
          "s3://",
          "\uD83D\uDE00",
          "9".repeat(400),
          "[".repeat(2000),
          "é",
          "\\",
          "#",
          "\"",
          "2016-12-31T23:59:60Z");

  private static byte[] mutateText(byte[] input, Random random) {
    int at = random.nextInt(input.length);
    int end = Math.min(input.length, at + random.nextInt(12));
    byte[] put =
        switch (random.nextInt(4)) {
          case 0 -> TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
          case 1 -> new byte[] {(byte) random.nextInt()};
          case 2 -> Arrays.copyOfRange(input, at, Math.min(input.length, at + random.nextInt(200)));
          default -> new byte[0];
        };
    byte[] result = new byte[at + put.length + input.length - end];
    System.arraycopy(input, 0, result, 0, at);
    System.arraycopy(put, 0, result, at, put.length);
    System.arraycopy(input, end, result, at + put.length, input.length - end);
    return result;
  }

  // Execution.

  /** Runs inputs of a target; returns the first finding. */
  Optional<String> run(String target, long first, long count) {
    for (long n = first; n < first + count; n++) {
      running = target + " " + n;
      since = System.nanoTime();
      try {
        targets.get(target).read(input(target, n));
      } catch (KilnException e) {
        // A fault of the input, as it should be.
        continue;
      } catch (Throwable e) {
        return Optional.of("%s %d: %s".formatted(target, n, describe(e)));
      } finally {
        running = "";
      }
    }
    return Optional.empty();
  }

  private static String describe(Throwable e) {
    return e + Arrays.stream(e.getStackTrace()).limit(6).toList().toString();
  }

  /** Runs every valid input some times, so that their memory is known. */
  void warmUp(int times) throws Exception {
    for (Map.Entry<String, Target> target : targets.entrySet()) {
      for (int i = 0; i < times; i++) {
        for (byte[] seed : seeds.get(target.getKey())) {
          target.getValue().read(seed.clone());
        }
      }
    }
  }

  /** Ends the process with the name of an input that does not end. */
  private void watch() {
    Thread watch =
        new Thread(
            () -> {
              while (true) {
                String now = running;
                if (!now.isEmpty() && System.nanoTime() - since > LONGEST_MILLIS * 1_000_000) {
                  System.err.println("finding: " + now + ": no end");
                  Runtime.getRuntime().halt(1);
                }
                try {
                  Thread.sleep(500);
                } catch (InterruptedException e) {
                  return;
                }
              }
            });
    watch.setDaemon(true);
    watch.start();
  }

  private static long peakKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  /**
   * Runs the fuzzer.
   *
   * @param args the first input, the number of inputs of each target, and the targets; all unless
   *     given
   */
  public static void main(String[] args) throws Exception {
    long first = Long.parseLong(args[0]);
    long count = Long.parseLong(args[1]);
    MutationFuzz fuzz = new MutationFuzz(Files.createTempDirectory("kiln-fuzz"));
    List<String> names =
        args.length > 2
            ? List.of(args).subList(2, args.length)
            : List.copyOf(fuzz.targets.keySet());
    fuzz.warmUp(100);
    fuzz.watch();
    long before = peakKilobytes();
    boolean failed = false;
    for (String name : names) {
      long start = System.nanoTime();
      Optional<String> finding = fuzz.run(name, first, count);
      System.out.printf(
          "%s: %s, %.0f s%n",
          name,
          finding.map(text -> "finding " + text).orElse(count + " inputs without a finding"),
          (System.nanoTime() - start) / 1e9);
      failed |= finding.isPresent();
    }
    long after = peakKilobytes();
    System.out.printf(
        "peak memory: valid inputs %d MB, mutated inputs %d MB%n", before / 1024, after / 1024);
    System.exit(failed || after > 2 * before ? 1 : 0);
  }
}

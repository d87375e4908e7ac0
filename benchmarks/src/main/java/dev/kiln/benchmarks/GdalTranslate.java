package dev.kiln.benchmarks;

import dev.kiln.error.SceneException;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.raster.TileDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads every file of a scene into memory with {@code gdal_translate}, one after the other. A
 * sample is MB/s of raw pixels over the whole scene, process starts included.
 *
 * @param workplace directory of the sample
 * @param platform platform of the scene
 * @param threads threads that inflate tiles
 */
record GdalTranslate(Workplace workplace, String platform, int threads) implements Case.Sampler {
  private static final String PROGRAM = "gdal_translate";

  /** Returns whether the program is installed. */
  static boolean installed() {
    return Command.runs(PROGRAM, "--version");
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort)
      throws IOException, SceneException, InterruptedException {
    List<Case.Sample> samples = new ArrayList<>();
    try (SampleScene scene = SampleScene.load(workplace.sample(), platform)) {
      long bytes = check(scene);
      for (int i = 0; i < effort.iterations(); i++) {
        long start = System.nanoTime();
        double coreSeconds = 0;
        for (String asset : scene.assets().keySet()) {
          coreSeconds += run("-of", "MEM", scene.file(asset).toString(), "nowhere");
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        samples.add(Case.Sample.of(bytes / 1e6, seconds, coreSeconds));
      }
    }
    return samples;
  }

  /**
   * Compares its output with the first strip of the engine.
   *
   * @return size of the raw pixels of the scene in bytes
   */
  private long check(SampleScene scene) throws IOException, SceneException, InterruptedException {
    long bytes = 0;
    Path raw = Files.createTempFile("kiln-gdal", ".raw");
    try (StripReader reader = new StripReader(scene, 1, TileDecoder.GDAL);
        Strip strip = reader.read()) {
      List<String> keys = List.copyOf(scene.assets().keySet());
      for (String asset : keys) {
        List<BandPlane> planes = new ArrayList<>();
        for (int b = 0; b < scene.bands().size(); b++) {
          if (scene.bands().get(b).object().name().equals(asset)) {
            planes.add(strip.bands().get(b));
          }
        }
        BandPlane first = planes.get(0);
        run(
            "-of",
            "ENVI",
            "-co",
            "INTERLEAVE=BIP",
            "-srcwin",
            "0",
            "0",
            Integer.toString(first.width()),
            Integer.toString(first.height()),
            scene.file(asset).toString(),
            raw.toString());
        compare(asset, strip.raw(), planes, Files.readAllBytes(raw));
        bytes += reader.fileBytes(asset);
      }
    } finally {
      Files.deleteIfExists(raw);
      Files.deleteIfExists(Path.of(raw.toString().replace(".raw", ".hdr")));
      Files.deleteIfExists(Path.of(raw + ".aux.xml"));
    }
    return bytes;
  }

  private static void compare(
      String asset, ByteBuffer strip, List<BandPlane> planes, byte[] written) {
    int at = 0;
    BandPlane first = planes.get(0);
    for (int y = 0; y < first.height(); y++) {
      for (int x = 0; x < first.width(); x++) {
        for (BandPlane plane : planes) {
          int pixel = Math.toIntExact(plane.byteOf(x, y));
          for (int i = 0; i < plane.type().bytes(); i++) {
            if (strip.get(pixel + i) != written[at++]) {
              throw new IllegalStateException(
                  "%s, pixel (%d, %d): gdal_translate and the engine differ"
                      .formatted(asset, x, y));
            }
          }
        }
      }
    }
  }

  private double run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(PROGRAM, "-q", "-oo", "NUM_THREADS=" + threads));
    command.addAll(List.of(arguments));
    return Command.run(command.toArray(String[]::new));
  }
}

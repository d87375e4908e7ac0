package dev.kiln.benchmarks;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.BandPlane;
import dev.kiln.memory.Strip;
import dev.kiln.raster.Decoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * GDAL's own command line reading every file of a scene into memory, one after the other. A sample
 * is MB/s of raw pixels over whole scenes, starts of the processes included.
 *
 * @param workplace with the sample
 * @param platform whose scene is read
 * @param threads that inflate tiles
 */
record GdalTranslate(Workplace workplace, String platform, int threads) implements Case.Sampler {
  private static final String PROGRAM = "gdal_translate";

  /** The last line that the shell's {@code times} prints: of its children, in user and system. */
  private static final Pattern CHILDREN =
      Pattern.compile("(\\d+)m([\\d.]+)s (\\d+)m([\\d.]+)s\\s*$");

  /** Whether the program is installed. */
  static boolean installed() {
    try {
      Process version = new ProcessBuilder(PROGRAM, "--version").start();
      version.getInputStream().readAllBytes();
      return version.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort)
      throws IOException, SceneFault, InterruptedException {
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
   * Compares what it writes with the engine's first strip.
   *
   * @return bytes of the scene's raw pixels
   */
  private long check(SampleScene scene) throws IOException, SceneFault, InterruptedException {
    long bytes = 0;
    Path raw = Files.createTempFile("kiln-gdal", ".raw");
    try (StripReader reader = new StripReader(scene, 1, Decoder.GDAL);
        Strip strip = reader.read()) {
      List<String> keys = List.copyOf(scene.assets().keySet());
      for (String asset : keys) {
        List<BandPlane> planes = new ArrayList<>();
        for (int b = 0; b < scene.bands().size(); b++) {
          if (scene.bands().get(b).object().key().equals(asset)) {
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
                  "%s, pixel (%d, %d): gdal_translate gives another".formatted(asset, x, y));
            }
          }
        }
      }
    }
  }

  /** Runs the program and gives the seconds that cores spent on it, as its shell counts them. */
  private double run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "\"$@\" && times", "sh"));
    command.addAll(List.of(PROGRAM, "-q", "-oo", "NUM_THREADS=" + threads));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes());
    Matcher children = CHILDREN.matcher(said);
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0 || !children.find()) {
      throw new IOException(command + ": " + said);
    }
    double seconds = 0;
    for (int i = 1; i <= children.groupCount(); i += 2) {
      seconds +=
          60 * Double.parseDouble(children.group(i)) + Double.parseDouble(children.group(i + 1));
    }
    return seconds;
  }
}

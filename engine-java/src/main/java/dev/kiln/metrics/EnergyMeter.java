package dev.kiln.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The energy that the machine's processors have used since the meter was made, as the Linux power
 * capping framework tells it: a counter in microjoules a package, which begins again at 0 after its
 * range, so the meter has to be read every minute or so.
 */
public final class EnergyMeter {
  public static final Path POWERCAP = Path.of("/sys/class/powercap");

  private final List<Counter> counters = new ArrayList<>();

  private static final class Counter {
    private final Path file;
    private final long range;
    private long last;
    private long used;

    Counter(Path zone) throws IOException {
      this.file = zone.resolve("energy_uj");
      this.range = read(zone.resolve("max_energy_range_uj"));
      this.last = read(file);
    }

    public void update() throws IOException {
      long now = read(file);
      used += now >= last ? now - last : now + range - last;
      last = now;
    }

    private static long read(Path file) throws IOException {
      return Long.parseLong(Files.readString(file).strip());
    }
  }

  /**
   * @param powercap folder of the framework; one that is absent or may not be read meters nothing
   */
  public EnergyMeter(Path powercap) {
    try (Stream<Path> zones = Files.list(powercap)) {
      // Packages are intel-rapl:N, on AMD as well; what has a second number is a part of one.
      for (Path zone :
          zones.filter(z -> z.getFileName().toString().matches("intel-rapl:\\d+")).toList()) {
        counters.add(new Counter(zone));
      }
    } catch (IOException | NumberFormatException e) {
      counters.clear();
    }
  }

  /** Reads the counters, so that none goes round twice unseen. */
  public void update() {
    try {
      for (Counter counter : counters) {
        counter.update();
      }
    } catch (IOException | NumberFormatException e) {
      counters.clear();
    }
  }

  /** Energy so far; null if there is no meter. */
  Double joules() {
    update();
    return counters.isEmpty() ? null : counters.stream().mapToLong(c -> c.used).sum() / 1e6;
  }
}

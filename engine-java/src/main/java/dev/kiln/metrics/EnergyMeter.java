package dev.kiln.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * Measures the energy that the machine's processors use, through the Linux power capping framework:
 * one counter in microjoules per package. A counter starts at 0 again after its range, so the meter
 * must be updated every minute or so. Not safe for several threads.
 */
public final class EnergyMeter {
  /** Directory of the power capping framework. */
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

    void update() throws IOException {
      long now = read(file);
      used += now >= last ? now - last : now + range - last;
      last = now;
    }

    private static long read(Path file) throws IOException {
      return Long.parseLong(Files.readString(file).strip());
    }
  }

  /**
   * Starts measuring.
   *
   * @param powercap directory of the framework; if it is absent or unreadable, nothing is measured
   */
  public EnergyMeter(Path powercap) {
    try (Stream<Path> zones = Files.list(powercap)) {
      // Packages are named intel-rapl:N, on AMD as well; a second number marks a part of a package.
      for (Path zone :
          zones.filter(z -> z.getFileName().toString().matches("intel-rapl:\\d+")).toList()) {
        counters.add(new Counter(zone));
      }
    } catch (IOException | NumberFormatException e) {
      counters.clear();
    }
  }

  /** Reads the counters, so that none wraps around twice between two readings. */
  public void update() {
    try {
      for (Counter counter : counters) {
        counter.update();
      }
    } catch (IOException | NumberFormatException e) {
      counters.clear();
    }
  }

  /** Returns the joules used since the start; empty without counters. */
  public OptionalDouble joules() {
    update();
    return counters.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(counters.stream().mapToLong(c -> c.used).sum() / 1e6);
  }
}

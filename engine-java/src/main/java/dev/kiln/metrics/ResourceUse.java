package dev.kiln.metrics;

import com.sun.management.OperatingSystemMXBean;
import dev.kiln.infer.Encoder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * What a run took from the machine.
 *
 * @param cpuSeconds processor time of the process, all threads together, since it started
 * @param peakMemory most memory that the process has held (resident set), in bytes; null where the
 *     system does not tell
 * @param joules energy of the processors while the run lasted, whoever used them; null where the
 *     machine does not meter it or does not let this user read it
 * @param deviceJoules energy of the encoder's device while the run lasted, whoever used it; null
 *     where there is none or it does not tell
 */
public record ResourceUse(double cpuSeconds, Long peakMemory, Double joules, Double deviceJoules) {

  /**
   * @param before what {@code encoder.device().joules()} said when the run began
   */
  public static ResourceUse until(EnergyMeter meter, Encoder encoder, OptionalDouble before) {
    long nanos =
        ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    OptionalDouble after = before.isPresent() ? encoder.device().joules() : before;
    return new ResourceUse(
        nanos / 1e9,
        peakMemory(Path.of("/proc/self/status")),
        meter.joules(),
        after.isPresent() ? (Double) (after.getAsDouble() - before.getAsDouble()) : null);
  }

  /** Linux counts it for every process. */
  static Long peakMemory(Path status) {
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      return null;
    } catch (IOException e) {
      return null;
    }
  }
}

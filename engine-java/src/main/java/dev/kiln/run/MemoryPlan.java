package dev.kiln.run;

import com.sun.management.OperatingSystemMXBean;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderMemory;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Upper bound of the memory of a run: the sum of what the encoder, decoded strips, fetched scenes
 * and the Java heap report. Checked before the run starts.
 */
public final class MemoryPlan {
  /** The JVM besides its heap: code, classes, threads, and GDAL's block cache. */
  private static final long JVM = 600_000_000L;

  private final String name;
  private final Map<String, Long> parts = new LinkedHashMap<>();

  private MemoryPlan(String name) {
    this.name = name;
  }

  /**
   * Plans the host memory of a run. An encoder on a device adds the vectors that it delivers.
   *
   * @param encoder the open encoder
   * @param stripBytes size of the largest decoded strip
   * @param options options of the run
   * @param heap limit of the Java heap in bytes
   * @return the plan
   */
  public static MemoryPlan ofHost(Encoder encoder, long stripBytes, RunOptions options, long heap) {
    MemoryPlan plan = new MemoryPlan("memory");
    plan.parts.put("Java heap (-Xmx in KILN_JAVA_OPTS)", heap);
    plan.parts.put("JVM and GDAL", JVM);
    plan.parts.put("fetched scenes (--fetch-memory)", options.fetchMemory());
    // One per decoder, those in the queue, and those that slots still borrow.
    long strips = options.decodeThreads() + options.queuedStrips() + options.slots();
    plan.parts.put("decoded strips (--decode-threads, --slots)", strips * stripBytes);
    if (encoder.device().memory().isEmpty()) {
      plan.add(encoder.memory(), options.slots());
    } else {
      EncoderDescription batch = encoder.description();
      long vectors = (long) batch.batchSize() * batch.dim() * Float.BYTES;
      plan.parts.put("vectors of batches (--batch, --slots)", options.slots() * vectors);
    }
    return plan;
  }

  /**
   * Plans the memory of the encoder's device.
   *
   * @param encoder the open encoder
   * @param stripBytes size of the largest decoded strip
   * @param options options of the run
   * @return empty if the encoder uses host memory
   */
  public static Optional<MemoryPlan> ofDevice(
      Encoder encoder, long stripBytes, RunOptions options) {
    if (encoder.device().memory().isEmpty()) {
      return Optional.empty();
    }
    MemoryPlan plan = new MemoryPlan("device memory");
    plan.add(encoder.memory(), options.slots());
    // Those that slots borrow, the one that chips are added from, and one in transfer.
    plan.parts.put("strips (--slots)", (options.slots() + 2) * stripBytes);
    return Optional.of(plan);
  }

  private void add(EncoderMemory memory, int slots) {
    parts.put("encoder libraries", memory.library());
    parts.put("model", memory.weights());
    parts.put("activations (--batch)", memory.activations());
    parts.put("batches (--batch, --slots)", slots * memory.slot());
  }

  /** {@return the sum of all parts in bytes} */
  public long bytes() {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** {@return the host memory that the process may use: the container's limit or all of it} */
  public static long available() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  /**
   * Checks that the plan fits.
   *
   * @param available bytes that the process may use
   * @throws ConfigurationException if it does not fit; lists the parts, with the options that
   *     change them
   */
  public void requireFits(long available) {
    if (bytes() > available) {
      throw new ConfigurationException(
          "%s: expected at most %s, found a need of %s; lower one of: %s"
              .formatted(name, megabytes(available), megabytes(bytes()), this));
    }
  }

  /** Returns the parts, largest first. */
  @Override
  public String toString() {
    return parts.entrySet().stream()
        .filter(part -> part.getValue() > 0)
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .map(part -> part.getKey() + " " + megabytes(part.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MB", bytes / 1_000_000);
  }
}

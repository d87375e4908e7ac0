package dev.kiln.run;

import com.sun.management.OperatingSystemMXBean;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.platform.Platform;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a run will hold at most, reckoned before it starts. Sizes of strips are those of full scenes
 * of the two large archives; activations on a CPU are those of float32.
 */
public final class MemoryPlan {
  private static final long NAIP_STRIP = 512L * 12_700 * 4;

  /** A row of 1024² tiles of a Sentinel-2 band at 10 m. */
  private static final long BAND_STRIP = 1024L * 10_980 * 2;

  /** The JVM beside its heap: code, classes, threads, GDAL's block cache. */
  private static final long JVM = 600_000_000L;

  /** What CUDA and the encoder's library take of a device for themselves. */
  private static final long CONTEXT = 1_500_000_000L;

  private final String name;
  private final Map<String, Long> parts = new LinkedHashMap<>();

  private MemoryPlan(String name) {
    this.name = name;
  }

  /**
   * Host memory of a run on the processor.
   *
   * @param weights bytes of the exported weights
   * @param batch chips in a batch
   * @param heap most that the Java heap may take, in bytes
   */
  public static MemoryPlan of(
      Platform platform,
      Architecture model,
      long weights,
      int chip,
      int batch,
      RunOptions options,
      long heap) {
    MemoryPlan plan = besideDevice(platform, options, heap);
    long patches =
        tokens(chip) * platform.bands().size() * Architecture.patchPixels() * Float.BYTES;
    plan.parts.put("batches (--batch, --slots)", options.slots() * batch * patches);
    // The runtime keeps a second copy of the weights, laid out for its matrix products.
    plan.parts.put("model", 2 * weights);
    long attention = model.heads() * tokens(chip) * tokens(chip);
    plan.parts.put(
        "activations (--batch)", batch * Float.BYTES * (tokens(chip) * wide(model) + attention));
    return plan;
  }

  /** Host memory of a run whose encoder is on a device. */
  public static MemoryPlan besideDevice(Platform platform, RunOptions options, long heap) {
    MemoryPlan plan = new MemoryPlan("memory");
    plan.parts.put("Java heap (-Xmx in KILN_JAVA_OPTS)", heap);
    plan.parts.put("JVM and GDAL", JVM);
    plan.parts.put("fetched scenes (--fetch-memory)", options.fetchMemory());
    // One in each decoder's hands, those in the lane, and those that the slots still need.
    long strips = options.decodeThreads() + options.queuedStrips() + options.slots();
    plan.parts.put("decoded strips (--decode-threads, --slots)", strips * strip(platform));
    return plan;
  }

  /**
   * Memory of the device, for an encoder that computes in 16 bits.
   *
   * @param batch chips in a batch
   */
  public static MemoryPlan onDevice(
      Platform platform, Architecture model, int chip, int batch, RunOptions options) {
    MemoryPlan plan = new MemoryPlan("device memory");
    plan.parts.put("CUDA", CONTEXT);
    long block = 4L * model.inner() * model.dim() + 2L * model.mlpDim() * model.dim();
    plan.parts.put("model", model.depth() * block * Short.BYTES);
    // Those that the slots need, the one that chips are put from, and one that is being copied.
    plan.parts.put("strips (--slots)", (options.slots() + 2) * strip(platform));
    long patches =
        tokens(chip) * platform.bands().size() * Architecture.patchPixels() * Short.BYTES;
    plan.parts.put("batches (--batch, --slots)", options.slots() * batch * patches);
    // Attention is fused: its scores never lie in memory.
    plan.parts.put("activations (--batch)", batch * Short.BYTES * tokens(chip) * wide(model));
    return plan;
  }

  /** Bytes of a full strip. */
  private static long strip(Platform platform) {
    return platform.name().equals("naip") ? NAIP_STRIP : BAND_STRIP * platform.bands().size();
  }

  private static long tokens(int chip) {
    long side = chip / Architecture.PATCH;
    return side * side + 1;
  }

  /** Numbers that the widest moment of a block holds for each token. */
  private static long wide(Architecture model) {
    return 3L * model.inner() + 2L * model.mlpDim() + 4L * model.dim();
  }

  /** All of it, in bytes. */
  public long bytes() {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Host memory that the process may use: the container's limit or the machine's memory. */
  public static long available() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  /**
   * @param available bytes that the process may use
   * @throws ConfigurationException if the plan does not fit; names the largest part that a flag
   *     changes
   */
  public void requireFits(long available) {
    if (bytes() > available) {
      throw new ConfigurationException(
          "%s: %s planned, %s available; lower one of: %s"
              .formatted(name, megabytes(bytes()), megabytes(available), this));
    }
  }

  /** The parts, largest first. */
  @Override
  public String toString() {
    return parts.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .map(part -> part.getKey() + " " + megabytes(part.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MB", bytes / 1_000_000);
  }
}

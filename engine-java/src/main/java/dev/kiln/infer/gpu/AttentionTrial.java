package dev.kiln.infer.gpu;

import dev.kiln.cuda.CubinCache;
import dev.kiln.cuda.CudaGpu;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuDescription;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.TrialProcess;
import dev.kiln.memory.HostBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * First run of {@link WarpgroupAttention} on a kind of device, in a process of its own. A kernel
 * that traps leaves the process that ran it unable to use the device, so the encoder's process runs
 * it only after a trial has succeeded. Successful trials are stored beside the compiled kernels.
 */
final class AttentionTrial {
  private static final Logger log = LoggerFactory.getLogger(AttentionTrial.class);

  private static final int SECONDS = 60;
  private static final int DIFFERENT = 3;

  // Clay's shape, with few heads.
  private static final int CHIPS = 2;
  private static final int HEADS = 2;
  private static final int HEAD = 64;

  private AttentionTrial() {}

  /** Returns whether the kernel can be used in this process; runs a trial if it is not known. */
  static boolean succeeded(Gpu gpu, int tokens) {
    String failure =
        TrialProcess.once(
            stored(gpu.description()),
            () ->
                TrialProcess.run(AttentionTrial.class, List.of(Integer.toString(tokens)), SECONDS));
    if (failure.isEmpty()) {
      return true;
    }
    log.warn("attention_sm90=off reason=\"the trial in another process {}\"", failure);
    return false;
  }

  private static Path stored(GpuDescription device) {
    String name =
        String.format(
            Locale.ROOT,
            "%s-%s-driver-%d-%s.works",
            DeviceCode.ATTENTION_SM90.title(),
            device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"),
            device.driver(),
            DeviceCode.ATTENTION_SM90.hash());
    return CubinCache.userDirectory().resolve(name);
  }

  /** Runs the kernel and compares it with the one for all architectures; ends with 0 if equal. */
  public static void main(String[] arguments) {
    int status;
    try (Gpu gpu = CudaGpu.open()) {
      double error = compare(gpu, Integer.parseInt(arguments[0]));
      boolean equal = error <= EncoderAttention.TOLERANCE;
      System.out.printf(
          Locale.ROOT,
          "relative error: expected at most %.2g, found %.2g%n",
          EncoderAttention.TOLERANCE,
          error);
      status = equal ? 0 : DIFFERENT;
    } catch (RuntimeException | Error e) {
      System.out.println(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      status = 1;
    }
    System.exit(status);
  }

  private static double compare(Gpu gpu, int tokens) {
    int bytes = CHIPS * tokens * HEADS * HEAD * Short.BYTES;
    try (GpuStream stream = gpu.newStream("trial");
        WarpgroupAttention attention = new WarpgroupAttention(gpu);
        GpuModule module = gpu.compile(DeviceCode.ENCODER);
        DeviceBuffer qkv = gpu.allocate("queries, keys and values", 3L * bytes);
        DeviceBuffer out = gpu.allocate("attended", bytes);
        HostBuffer expected = gpu.pinned("expected", bytes);
        HostBuffer found = gpu.pinned("found", bytes)) {
      Noise.fill(gpu, stream, qkv);
      LaunchShape shape = EncoderAttention.shape(tokens, HEADS, HEAD, CHIPS);
      stream.launch(
          module.kernel("kiln_attention_64"),
          shape,
          new KernelArguments().pointer(qkv).pointer(out).int32(tokens).int32(tokens).int32(HEADS));
      stream.copyOut(out, 0, expected, 0, bytes);
      KernelResult.read(
          stream,
          () -> attention.enqueue(stream, qkv, out, tokens, HEADS, CHIPS),
          out,
          found,
          bytes);
      return KernelResult.distance(found, expected, bytes);
    }
  }
}

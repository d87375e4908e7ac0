package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuModule;
import dev.kiln.error.ConfigurationException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.HostMemory;
import dev.kiln.platform.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An encoder on a device: raw strips go up, embeddings come down, and in between are the patch
 * kernel and a {@link DeviceForwardPass}.
 */
public final class DeviceEncoder implements Encoder {
  private static final Logger log = LoggerFactory.getLogger(DeviceEncoder.class);

  /** Memory that CUDA and the encoder's libraries take for themselves. */
  private static final long CONTEXT = 1_500_000_000L;

  private final EncoderDescription description;
  private final Gpu gpu;
  private final Patchify rows;
  private final List<DeviceSlot> slots = new ArrayList<>();
  private DeviceForwardPass program;
  private PatchKernel patches;
  private DeviceStreams streams;
  private StripCache strips;
  private boolean closed;

  /**
   * @param gpu owned by this from now on, also if this throws
   * @param platform whose bands the program takes
   * @param description what runs, for the log and the files
   * @param load loads the program; this owns it
   * @throws ConfigurationException if the device has no room for the program
   */
  public DeviceEncoder(
      Gpu gpu,
      Platform platform,
      EncoderDescription description,
      Function<Gpu, DeviceForwardPass> load) {
    this.gpu = gpu;
    this.description = description;
    this.rows = new Patchify(platform, description.chipSize());
    try {
      this.program = load.apply(gpu);
      this.patches = new PatchKernel(gpu, platform, description.chipSize(), program.patchType());
      this.streams = DeviceStreams.on(gpu);
      this.strips = new StripCache(gpu, streams.upload());
    } catch (DeviceMemoryException e) {
      close();
      throw tooLarge(e);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Device code, ready to run.
   *
   * @throws ConfigurationException if it was never compiled on this machine and there is no
   *     compiler
   */
  static GpuModule compile(Gpu gpu, DeviceCode code, List<String> options) {
    try {
      return gpu.compile(code.title(), code.source(), options);
    } catch (IllegalStateException e) {
      throw new ConfigurationException(e.getMessage() + "; or use --encoder cpu", e);
    }
  }

  @Override
  public EncoderDescription description() {
    return description;
  }

  /** Pinned: the device reads strips from where decode wrote them. */
  @Override
  public HostMemory hostMemory() {
    return gpu::pinned;
  }

  @Override
  public EncoderDevice device() {
    return new EncoderDevice() {
      @Override
      public String name() {
        return gpu.description().name();
      }

      @Override
      public OptionalLong memory() {
        return OptionalLong.of(gpu.description().memory());
      }

      @Override
      public OptionalDouble joules() {
        return gpu.joules();
      }
    };
  }

  /** Returns the memory of the device; copies of strips are not included. */
  @Override
  public EncoderMemory memory() {
    long chip =
        (long) rows.chipLength() * program.patchType().bytes()
            + patches.bytesPerChip()
            + (8L + description.dim()) * Float.BYTES;
    return new EncoderMemory(
        CONTEXT,
        program.weightBytes(),
        program.activationBytes(),
        description.batchSize() * chip + Float.BYTES);
  }

  Patchify rows() {
    return rows;
  }

  DeviceForwardPass program() {
    return program;
  }

  PatchKernel patches() {
    return patches;
  }

  DeviceStreams streams() {
    return streams;
  }

  StripCache strips() {
    return strips;
  }

  /**
   * @throws ConfigurationException if the device has no room for another slot
   */
  @Override
  public synchronized BatchSlot newSlot() {
    if (closed) {
      throw new IllegalStateException(description.name() + ": used after close");
    }
    try {
      DeviceSlot slot = new DeviceSlot(this, gpu);
      slots.add(slot);
      return slot;
    } catch (DeviceMemoryException e) {
      throw tooLarge(e);
    }
  }

  /** What to do about a device that is too small. */
  synchronized ConfigurationException tooLarge(DeviceMemoryException e) {
    return new ConfigurationException(
        "%s: %s, with %d slot%s of batches of %d; lower --batch or --slots"
            .formatted(
                description.device(),
                e.getMessage(),
                slots.size(),
                slots.size() == 1 ? "" : "s",
                description.batchSize()),
        e);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      try {
        free();
      } catch (CudaException e) {
        // A device that has failed answers nothing but its failure; what it holds goes with the
        // process, and what failed was said when it did.
        log.warn("closing {}: {}", description.name(), e.getMessage());
      }
    }
  }

  /** Whatever was made of it; the device last. */
  private void free() {
    closed = true;
    Closer closing = new Closer();
    if (streams != null) {
      closing.close(streams::synchronize);
    }
    slots.forEach(closing::close);
    closing.close(strips);
    closing.close(streams);
    closing.close(patches);
    closing.close(program);
    closing.close(gpu);
    closing.done();
  }
}

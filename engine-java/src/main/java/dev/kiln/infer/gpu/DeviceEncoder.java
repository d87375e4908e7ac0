package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuModule;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.MachineException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderDevice;
import dev.kiln.infer.EncoderMemory;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.VectorLayout;
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
 * An encoder on a device: uploads raw strips, runs the patch kernel and a {@link
 * DeviceForwardPass}, and downloads the embeddings.
 */
public final class DeviceEncoder implements Encoder {
  private static final Logger log = LoggerFactory.getLogger(DeviceEncoder.class);

  /** Memory that CUDA and the encoder's libraries allocate, in bytes. */
  private static final long CONTEXT = 1_500_000_000L;

  private final EncoderDescription description;
  private final VectorLayout vectors;
  private final Gpu gpu;
  private final Patchify rows;
  private final List<DeviceSlot> slots = new ArrayList<>();
  private DeviceForwardPass program;
  private PatchKernel patches;
  private DeviceStreams streams;
  private StripCache strips;
  private boolean closed;

  /**
   * Creates an encoder of embeddings alone.
   *
   * @param gpu closed by this object, also if the constructor throws
   * @param platform whose bands the program reads
   * @param description for the log and the files
   * @param load loads the program, which this object closes
   * @throws ConfigurationException if the device has too little memory for the program
   */
  public DeviceEncoder(
      Gpu gpu,
      Platform platform,
      EncoderDescription description,
      Function<Gpu, DeviceForwardPass> load) {
    this(gpu, platform, description, VectorLayout.ofEmbedding(description.dim()), load);
  }

  /**
   * Creates an encoder.
   *
   * @param gpu closed by this object, also if the constructor throws
   * @param platform whose bands the program reads
   * @param description for the log and the files
   * @param vectors vectors of a chip, as many values as the description states
   * @param load loads the program, which this object closes
   * @throws ConfigurationException if the device has too little memory for the program
   */
  DeviceEncoder(
      Gpu gpu,
      Platform platform,
      EncoderDescription description,
      VectorLayout vectors,
      Function<Gpu, DeviceForwardPass> load) {
    this.gpu = gpu;
    this.description = description;
    this.vectors = vectors;
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
   * Loads device code.
   *
   * @throws ConfigurationException if it is not compiled yet and this machine has no compiler
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

  @Override
  public VectorLayout vectors() {
    return vectors;
  }

  /** Returns pinned memory: the device copies strips from where they were decoded. */
  @Override
  public HostMemory hostMemory() {
    return (purpose, bytes) -> {
      try {
        return gpu.pinned(purpose, bytes);
      } catch (CudaException e) {
        // No fault of the scene that needs the memory.
        throw new MachineException(
            "%s%s".formatted(e.deviceLost() ? "device lost: " : "", e.getMessage()), e);
      }
    };
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
   * @throws ConfigurationException if the device has too little memory for another slot
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

  /** Returns the error of a device with too little memory, with the options to change. */
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
        // A failed device repeats its error, which has been reported; its memory is freed with the
        // process.
        log.warn("closing {}: {}", description.name(), e.getMessage());
      }
    }
  }

  /** Closes everything that was created, the device last. */
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

package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuEvent;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.Patchify;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.trace.Trace;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A slot of an encoder on a device. {@link #put} only describes a chip, whose pixels are uploaded
 * with its strip. {@link #start} queues the whole batch:
 *
 * <pre>
 *   upload:    strips … inputs ─┐
 *   compute:                    └→ patches → program ─┐
 *   download:                                         └→ embeddings
 * </pre>
 *
 * so that one batch is uploaded while the previous one computes and the one before that is
 * downloaded.
 *
 * <p>An error of the device in {@link #put} or {@link #start} is kept and thrown by {@link #await}.
 */
final class DeviceSlot implements BatchSlot, AutoCloseable {
  private static final int METADATA = 4 * Float.BYTES;

  private final DeviceEncoder encoder;
  private final EncoderDescription description;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final SlotBuffers device;
  private final DeviceBuffer planes;
  private final DeviceForwardPass.Binding program;
  private final GpuEvent uploaded;
  private final GpuEvent computed;
  private final GpuEvent downloaded;

  // Pinned: the inputs before they are copied, and the embeddings.
  private final HostBuffer hostPlanes;
  private final HostBuffer hostTime;
  private final HostBuffer hostLocation;
  private final HostBuffer hostGsd;
  private final HostBuffer hostEmbeddings;
  private final ByteBuffer planeBytes;

  private final List<StripCache.Copy> strips = new ArrayList<>();
  private RuntimeException failure;
  private boolean started;
  private boolean awaited;
  private boolean closed;
  private int size;

  /**
   * Allocates a slot.
   *
   * @throws DeviceMemoryException if the device has too little memory; everything is freed then
   */
  DeviceSlot(DeviceEncoder encoder, Gpu gpu) {
    this.encoder = encoder;
    this.description = encoder.description();
    int batch = description.batchSize();
    Patchify rows = encoder.rows();
    long patchBytes = (long) rows.chipLength() * encoder.program().patchType().bytes();
    long planeBytesPerChip = encoder.patches().bytesPerChip();
    long embeddingBytes = (long) description.dim() * Float.BYTES;
    try {
      this.device =
          new SlotBuffers(
              batch,
              own(gpu.allocate("patches of a batch", batch * patchBytes)),
              own(gpu.allocate("times of a batch", (long) batch * METADATA)),
              own(gpu.allocate("locations of a batch", (long) batch * METADATA)),
              own(gpu.allocate("gsd of a batch", Float.BYTES)),
              own(gpu.allocate("embeddings of a batch", batch * embeddingBytes)));
      this.planes = own(gpu.allocate("chips of a batch", batch * planeBytesPerChip));
      this.hostPlanes = own(gpu.pinned("chips of a batch", batch * planeBytesPerChip));
      this.hostTime = own(gpu.pinned("times of a batch", (long) batch * METADATA));
      this.hostLocation = own(gpu.pinned("locations of a batch", (long) batch * METADATA));
      this.hostGsd = own(gpu.pinned("gsd of a batch", Float.BYTES));
      this.hostEmbeddings = own(gpu.pinned("embeddings of a batch", batch * embeddingBytes));
      this.planeBytes = hostPlanes.slice(0, Math.toIntExact(hostPlanes.size()));
      this.uploaded = own(gpu.newEvent());
      this.computed = own(gpu.newEvent());
      this.downloaded = own(gpu.newEvent());
      this.program = own(encoder.program().bind(device));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public EncoderDescription description() {
    return description;
  }

  @Override
  public void put(Strip strip, int column, int row, float[] time, float[] location) {
    requireOpen();
    if (started || size == capacity()) {
      throw new IllegalStateException("slot is " + (started ? "started" : "full"));
    }
    if (failure == null) {
      hold(strip, column, row);
    }
    hostTime.slice((long) size * METADATA, METADATA).asFloatBuffer().put(time, 0, 4);
    hostLocation.slice((long) size * METADATA, METADATA).asFloatBuffer().put(location, 0, 4);
    size++;
  }

  private void hold(Strip strip, int column, int row) {
    try {
      StripCache.Copy copy;
      synchronized (encoder.streams()) {
        copy = encoder.strips().hold(strip);
      }
      strips.add(copy);
      encoder.patches().describe(planeBytes, size, strip, copy.address(), column, row);
    } catch (DeviceMemoryException e) {
      throw encoder.tooLarge(e);
    } catch (CudaException e) {
      failure = e;
    }
  }

  @Override
  public void start(float gsd) {
    requireOpen();
    if (started || size == 0) {
      throw new IllegalStateException("slot is " + (started ? "started" : "empty"));
    }
    started = true;
    hostGsd.slice(0, Float.BYTES).putFloat(0, gsd);
    if (failure == null) {
      try {
        synchronized (encoder.streams()) {
          enqueue(encoder.streams());
        }
      } catch (CudaException | TensorRtException e) {
        failure = e;
      }
    }
  }

  private void enqueue(DeviceStreams streams) {
    traced("upload", () -> upload(streams));
    traced("compute", () -> compute(streams));
    traced("download", () -> download(streams));
  }

  /**
   * Queues work in a trace range: profilers attribute work on the device to the range that queued
   * it.
   */
  private void traced(String stage, Runnable queue) {
    Trace.begin(stage, size);
    try {
      queue.run();
    } finally {
      Trace.end();
    }
  }

  private void upload(DeviceStreams streams) {
    long metadata = (long) size * METADATA;
    long planesUsed = (long) size * encoder.patches().bytesPerChip();
    streams.upload().copyIn(hostPlanes, 0, planes, 0, planesUsed);
    streams.upload().copyIn(hostTime, 0, device.time(), 0, metadata);
    streams.upload().copyIn(hostLocation, 0, device.latlon(), 0, metadata);
    streams.upload().copyIn(hostGsd, 0, device.gsd(), 0, Float.BYTES);
    streams.upload().record(uploaded);
  }

  private void compute(DeviceStreams streams) {
    streams.compute().waitFor(uploaded);
    encoder.patches().enqueue(streams.compute(), planes, size, device.patches());
    program.enqueue(streams.compute(), size);
    streams.compute().record(computed);
  }

  private void download(DeviceStreams streams) {
    streams.download().waitFor(computed);
    long bytes = (long) size * description.dim() * Float.BYTES;
    streams.download().copyOut(device.embedding(), 0, hostEmbeddings, 0, bytes);
    streams.download().record(downloaded);
  }

  @Override
  public FloatBuffer await() throws EncoderException {
    requireOpen();
    if (!started) {
      throw new IllegalStateException("slot was not started");
    }
    if (failure == null) {
      try {
        downloaded.synchronize();
      } catch (CudaException e) {
        failure = e;
      }
    }
    if (failure != null) {
      // Work that was queued before the error may still read the strips.
      settle();
      awaited = true;
      boolean lost = failure instanceof CudaException cuda && cuda.deviceLost();
      throw new EncoderException(
          "%sbatch of %d failed in %s: %s"
              .formatted(
                  lost ? "device lost: " : "", size, description.name(), failure.getMessage()),
          failure,
          lost);
    }
    awaited = true;
    int numbers = size * description.dim();
    return hostEmbeddings.slice(0, numbers * Float.BYTES).asFloatBuffer();
  }

  /** Waits for all work that may read the strips of this slot, and keeps its error. */
  private void settle() {
    try {
      encoder.streams().synchronize();
    } catch (CudaException e) {
      if (failure != null && failure != e) {
        failure.addSuppressed(e);
      }
    }
  }

  @Override
  public void clear() {
    requireOpen();
    if (started && !awaited) {
      throw new IllegalStateException("slot is computing");
    }
    if (!started && size > 0) {
      settle();
    }
    strips.forEach(StripCache.Copy::release);
    strips.clear();
    failure = null;
    started = false;
    awaited = false;
    size = 0;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("slot: used after close");
    }
  }

  /** Frees the memory; no batch may be running. A second call does nothing. */
  @Override
  public void close() {
    closed = true;
    Closer closing = new Closer();
    for (int i = owned.size() - 1; i >= 0; i--) {
      closing.close(owned.get(i));
    }
    owned.clear();
    closing.done();
  }
}

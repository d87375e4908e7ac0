package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Copies of strips on the device. A strip is copied whole and once, for all chips and batches that
 * use it; its copy is kept while chips are added from it and while a batch reads it. Memory is
 * reused for later strips, because an allocation would wait for the device.
 *
 * <p>Safe for concurrent use, but only one thread may add chips.
 */
final class StripCache implements AutoCloseable {
  /** Granularity of allocations in bytes, so that strips of nearly the same size share blocks. */
  private static final long STEP = 4L << 20;

  private final Gpu gpu;
  private final GpuStream upload;
  private final List<Copy> copies = new ArrayList<>();
  private final List<DeviceBuffer> idle = new ArrayList<>();
  private Copy current;
  private boolean closed;

  /**
   * Creates an empty cache.
   *
   * @param upload stream that copies strips; borrowed
   */
  StripCache(Gpu gpu, GpuStream upload) {
    this.gpu = gpu;
    this.upload = upload;
  }

  /** The copy of a strip on the device. */
  final class Copy {
    private final HostBuffer pixels;
    private final DeviceBuffer memory;
    private int holds;

    private Copy(HostBuffer pixels, DeviceBuffer memory) {
      this.pixels = pixels;
      this.memory = memory;
    }

    /** Returns the device address of the strip's buffer. */
    long address() {
      return memory.address();
    }

    /**
     * Releases one hold. Work that reads this copy must have ended, or be queued before the copy's
     * next use.
     */
    void release() {
      synchronized (StripCache.this) {
        holds--;
        giveBackIfUnused(this);
      }
    }
  }

  /**
   * Holds the copy of a strip. If there is none yet, queues it on the upload stream; readers must
   * wait for the work that is on that stream now. The strip is borrowed until the copy is done.
   *
   * @throws DeviceMemoryException if the device has too little memory
   */
  synchronized Copy hold(Strip strip) {
    if (closed) {
      throw new IllegalStateException("strips on the device: used after close");
    }
    Copy copy = find(strip.pixels());
    if (copy == null) {
      copy = upload(strip.pixels());
    }
    copy.holds++;
    if (copy != current) {
      Copy before = current;
      current = copy;
      if (before != null) {
        giveBackIfUnused(before);
      }
    }
    return copy;
  }

  private Copy find(HostBuffer pixels) {
    for (Copy copy : copies) {
      if (copy.pixels == pixels) {
        return copy;
      }
    }
    return null;
  }

  private Copy upload(HostBuffer pixels) {
    DeviceBuffer memory = memory(pixels.size());
    try {
      upload.copyIn(pixels, 0, memory, 0, pixels.size());
    } catch (RuntimeException | Error e) {
      idle.add(memory);
      throw e;
    }
    Copy copy = new Copy(pixels, memory);
    copies.add(copy);
    return copy;
  }

  /** Returns the smallest idle block that is large enough, or a new one. */
  private DeviceBuffer memory(long bytes) {
    idle.sort(Comparator.comparingLong(DeviceBuffer::size));
    for (int i = 0; i < idle.size(); i++) {
      if (idle.get(i).size() >= bytes) {
        return idle.remove(i);
      }
    }
    if (!idle.isEmpty()) {
      // All idle blocks are too small; without this they would accumulate.
      idle.remove(idle.size() - 1).close();
    }
    long rounded = (bytes + STEP - 1) / STEP * STEP;
    try {
      return gpu.allocate("strip", rounded);
    } catch (DeviceMemoryException e) {
      if (idle.isEmpty()) {
        throw e;
      }
      idle.forEach(DeviceBuffer::close);
      idle.clear();
      return gpu.allocate("strip", rounded);
    }
  }

  private void giveBackIfUnused(Copy copy) {
    if (copy.holds == 0 && copy != current && copies.remove(copy)) {
      if (closed) {
        copy.memory.close();
      } else {
        idle.add(copy.memory);
      }
    }
  }

  /** Returns the number of strips with a copy. */
  synchronized int held() {
    return copies.size();
  }

  /** Frees all memory; no batch may be running. A second call does nothing. */
  @Override
  public synchronized void close() {
    closed = true;
    Closer closing = new Closer();
    idle.forEach(closing::close);
    idle.clear();
    copies.forEach(copy -> closing.close(copy.memory));
    copies.clear();
    current = null;
    closing.done();
  }
}

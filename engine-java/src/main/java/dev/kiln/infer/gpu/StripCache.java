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
 * Strips on the device. A strip is copied whole and once, however many of its chips go into however
 * many batches: its copy stays while chips are still put from it and while a batch reads it. Memory
 * is used again for the strips to come, for to allocate it would wait for the device.
 *
 * <p>For any number of threads, but only one puts chips.
 */
final class StripCache implements AutoCloseable {
  /** Memory is taken in such steps, so that strips of nearly the same size share it. */
  private static final long STEP = 4L << 20;

  private final Gpu gpu;
  private final GpuStream upload;
  private final List<Copy> copies = new ArrayList<>();
  private final List<DeviceBuffer> idle = new ArrayList<>();
  private Copy current;
  private boolean closed;

  /**
   * @param upload strips are copied on this; borrowed
   */
  StripCache(Gpu gpu, GpuStream upload) {
    this.gpu = gpu;
    this.upload = upload;
  }

  /** A strip's copy on the device. */
  final class Copy {
    private final HostBuffer pixels;
    private final DeviceBuffer memory;
    private int holds;

    private Copy(HostBuffer pixels, DeviceBuffer memory) {
      this.pixels = pixels;
      this.memory = memory;
    }

    /** Where the strip's buffer begins on the device. */
    long address() {
      return memory.address();
    }

    /** Ends one hold. What was queued with this copy is done, or queued before its next use. */
    void release() {
      synchronized (StripCache.this) {
        holds--;
        giveBackIfUnused(this);
      }
    }
  }

  /**
   * Holds a strip's copy. If there is none yet, it is queued on the upload stream: whoever reads it
   * must wait for what that stream holds now. The strip is borrowed until the copy is done.
   *
   * @throws DeviceMemoryException if the device has no room for it
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

  /** The smallest idle block that is large enough, or a new one. */
  private DeviceBuffer memory(long bytes) {
    idle.sort(Comparator.comparingLong(DeviceBuffer::size));
    for (int i = 0; i < idle.size(); i++) {
      if (idle.get(i).size() >= bytes) {
        return idle.remove(i);
      }
    }
    if (!idle.isEmpty()) {
      // All are too small; without this they would pile up.
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

  /** Strips that have a copy now. */
  synchronized int held() {
    return copies.size();
  }

  /** Frees everything; nothing of it is under way any more. A second call does nothing. */
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

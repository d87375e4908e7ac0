package dev.kiln.cuda;

import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A fake device: its memory is host memory, and its kernels are Java or Kiln's device code compiled
 * for the CPU. It works as late as CUDA allows: work is done only when a thread waits for it, and
 * work of other streams only if this one waits for it. A missing wait, or memory that is reused too
 * early, thus always shows as wrong data. New and freed memory contains garbage.
 *
 * <p>It counts open resources, and fails on request.
 */
public final class FakeGpu implements Gpu {
  private static final int ALIGNMENT = 256;
  private static final byte GARBAGE = (byte) 0xAB;

  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Map<Object, String> live = new IdentityHashMap<>();
  private final List<HostBuffer> freed = new ArrayList<>();
  private final List<String> log = new ArrayList<>();
  private long memory = Long.MAX_VALUE;
  private long taken;
  private int calls;
  private int failingCall = -1;
  private int failingWork = -1;
  private int work;
  private Set<String> leaked;
  private boolean harmed;
  private boolean closed;

  /** The implementation of a kernel on the host. */
  public interface Kernel {
    void run(LaunchShape shape, long[] arguments);
  }

  /** Returns a device with Kiln's own kernels. */
  public FakeGpu() {
    for (DeviceCode code : DeviceCode.values()) {
      code.kernels().forEach(kernel -> define(kernel, compiledForTheHost(kernel)));
    }
  }

  /** Adds a kernel. */
  public void define(String name, Kernel kernel) {
    kernels.put(name, kernel);
  }

  /** Sets the size of the device's memory. */
  public void memory(long bytes) {
    memory = bytes;
  }

  /** Makes the n-th call from now fail, counted from 1. */
  public synchronized void failCall(int n) {
    failingCall = calls + n;
  }

  /** Makes the n-th operation on the device from now fail, counted from 1, and all after it. */
  public synchronized void failWork(int n) {
    failingWork = work + n;
  }

  /** Returns the number of calls. */
  public synchronized int calls() {
    return calls;
  }

  /** Returns the open resources. */
  public synchronized List<String> live() {
    return live.values().stream().sorted().toList();
  }

  /** Returns the resources that were open when the device was closed. */
  public Set<String> leaked() {
    return leaked;
  }

  /** Returns the operations in the order of their execution. */
  public synchronized List<String> log() {
    return List.copyOf(log);
  }

  /** Returns the bytes of device or host memory from an address on. */
  public static ByteBuffer bytes(long address, int count) {
    return new BytePointer(new Cuda.Address(address))
        .capacity(count)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  private synchronized void call(String name) {
    calls++;
    if (calls == failingCall) {
      throw new CudaException(name, 999, "told to fail");
    }
    requireUnharmed(name);
  }

  /** Throws if an operation failed: as in CUDA, all later calls report it. */
  private void requireUnharmed(String name) {
    if (harmed) {
      throw new CudaException(name, 700, "an illegal memory access was encountered");
    }
  }

  private <T> T track(T resource, String what) {
    live.put(resource, what);
    return resource;
  }

  @Override
  public GpuDescription description() {
    return new GpuDescription("Fake", 9, 0, memory, 1, 13000, 13030);
  }

  @Override
  public synchronized HostBuffer pinned(String purpose, long bytes) {
    call("cudaHostAlloc");
    HostBuffer block = garbage(bytes);
    Object token = track(new Object(), "pinned " + purpose);
    return HostBuffer.over(purpose, bytes, block.pointer(), () -> free(token, block));
  }

  @Override
  public synchronized DeviceBuffer allocate(String purpose, long bytes) {
    call("cudaMalloc");
    if (bytes > memory - taken) {
      throw new DeviceMemoryException(purpose, bytes, memory - taken);
    }
    taken += bytes;
    HostBuffer block = garbage(bytes + ALIGNMENT);
    long address = (block.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return track(
        new DeviceBuffer(
            purpose,
            address,
            bytes,
            buffer -> {
              free(buffer, block);
              taken -= bytes;
              requireUnharmed("cudaFree");
            }),
        "device " + purpose);
  }

  private static HostBuffer garbage(long bytes) {
    HostBuffer block = HostBuffer.allocate("fake", bytes);
    fill(block);
    return block;
  }

  private static void fill(HostBuffer block) {
    Pointer.memset(block.pointer(), GARBAGE, block.size());
  }

  /** Freed memory stays mapped, so that late operations read garbage. */
  private synchronized void free(Object token, HostBuffer block) {
    live.remove(token);
    fill(block);
    freed.add(block);
  }

  @Override
  public OptionalDouble joules() {
    return OptionalDouble.empty();
  }

  @Override
  public synchronized long freeBytes() {
    return memory - taken;
  }

  @Override
  public synchronized GpuStream newStream(String name) {
    call("cudaStreamCreate");
    return track(new Stream(name), "stream " + name);
  }

  @Override
  public synchronized GpuEvent newEvent() {
    call("cudaEventCreate");
    return track(new Event(), "event");
  }

  @Override
  public GpuEvent newTimer() {
    return newEvent();
  }

  @Override
  public synchronized GpuModule load(String name, byte[] cubin) {
    call("cudaLibraryLoadData");
    return track(new Module(), "module " + name);
  }

  @Override
  public GpuModule compile(String name, String source, List<String> options) {
    return load(name, new byte[0]);
  }

  private static Kernel compiledForTheHost(String kernel) {
    return (shape, arguments) -> {
      boolean found =
          HostKernels.run(
              kernel,
              shape.blocksX(),
              shape.blocksY(),
              shape.blocksZ(),
              shape.threads(),
              shape.sharedBytes(),
              arguments);
      if (!found) {
        throw new IllegalStateException("no kernel " + kernel);
      }
    };
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    leaked =
        live.values().stream().filter(s -> !s.startsWith("pinned")).collect(Collectors.toSet());
    freed.forEach(HostBuffer::close);
  }

  private final class Stream implements GpuStream {
    private final String name;
    private final List<Runnable> queue = new ArrayList<>();
    private List<Runnable> capturing;
    private int done;
    private boolean shut;

    Stream(String name) {
      this.name = name;
    }

    private void enqueue(String what, Runnable piece) {
      synchronized (FakeGpu.this) {
        if (shut) {
          throw new IllegalStateException("stream " + name + ": used after close");
        }
        call(what);
        Runnable logged =
            () -> {
              log.add(name + ": " + what);
              work++;
              harmed |= work == failingWork;
              requireUnharmed(what);
              piece.run();
            };
        (capturing == null ? queue : capturing).add(logged);
      }
    }

    /** Executes the queue up to a position. */
    private void reach(int place) {
      while (done < place) {
        queue.get(done++).run();
      }
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public void copyIn(HostBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes) {
      from.slice(fromByte, 0);
      copy("copy to " + to.purpose(), from.address() + fromByte, to.address(toByte, bytes), bytes);
    }

    @Override
    public void copyOut(DeviceBuffer from, long fromByte, HostBuffer to, long toByte, long bytes) {
      to.slice(toByte, 0);
      copy(
          "copy from " + from.purpose(),
          from.address(fromByte, bytes),
          to.address() + toByte,
          bytes);
    }

    @Override
    public void copy(DeviceBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes) {
      copy(
          "copy from " + from.purpose() + " to " + to.purpose(),
          from.address(fromByte, bytes),
          to.address(toByte, bytes),
          bytes);
    }

    private void copy(String what, long from, long to, long bytes) {
      enqueue(what, () -> Pointer.memcpy(new Cuda.Address(to), new Cuda.Address(from), bytes));
    }

    @Override
    public void zero(DeviceBuffer memory, long offset, long bytes) {
      long address = memory.address(offset, bytes);
      enqueue("zero", () -> Pointer.memset(new Cuda.Address(address), 0, bytes));
    }

    @Override
    public void launch(GpuKernel kernel, LaunchShape shape, KernelArguments arguments) {
      long[] values = arguments.values();
      Kernel body = kernels.get(kernel.name());
      enqueue(kernel.name(), () -> body.run(shape, values));
    }

    @Override
    public void record(GpuEvent event) {
      synchronized (FakeGpu.this) {
        enqueue("record", () -> {});
        ((Event) event).mark(this, queue.size());
      }
    }

    @Override
    public void waitFor(GpuEvent event) {
      synchronized (FakeGpu.this) {
        Stream other = ((Event) event).stream;
        int place = ((Event) event).place;
        enqueue("wait", () -> reachOf(other, place));
      }
    }

    @Override
    public GpuGraph capture(Runnable body) {
      synchronized (FakeGpu.this) {
        call("cudaStreamBeginCapture");
        capturing = new ArrayList<>();
        try {
          body.run();
          return track(new Graph(List.copyOf(capturing)), "graph");
        } finally {
          capturing = null;
        }
      }
    }

    @Override
    public void launch(GpuGraph graph) {
      List<Runnable> pieces = ((Graph) graph).pieces;
      enqueue("graph", () -> pieces.forEach(Runnable::run));
    }

    @Override
    public void synchronize() {
      synchronized (FakeGpu.this) {
        call("cudaStreamSynchronize");
        reach(queue.size());
      }
    }

    @Override
    public long address() {
      return System.identityHashCode(this);
    }

    @Override
    public void close() {
      synchronized (FakeGpu.this) {
        if (!shut) {
          shut = true;
          live.remove(this);
          requireUnharmed("cudaStreamDestroy");
          reach(queue.size());
        }
      }
    }
  }

  private static void reachOf(Stream stream, int place) {
    if (stream != null) {
      stream.reach(place);
    }
  }

  private final class Event implements GpuEvent {
    private Stream stream;
    private int place;

    private void mark(Stream in, int at) {
      stream = in;
      place = at;
    }

    @Override
    public void synchronize() {
      synchronized (FakeGpu.this) {
        call("cudaEventSynchronize");
        reachOf(stream, place);
      }
    }

    /** Returns one millisecond per operation between the two events. */
    @Override
    public float millisecondsSince(GpuEvent start) {
      return place - ((Event) start).place - 1;
    }

    @Override
    public long address() {
      return System.identityHashCode(this);
    }

    @Override
    public void close() {
      synchronized (FakeGpu.this) {
        live.remove(this);
      }
    }
  }

  private final class Module implements GpuModule {
    @Override
    public GpuKernel kernel(String name) {
      call("cudaLibraryGetKernel");
      if (!kernels.containsKey(name)) {
        throw new CudaException("cudaLibraryGetKernel of " + name, 500, "named symbol not found");
      }
      return new GpuKernel() {
        @Override
        public String name() {
          return name;
        }

        @Override
        public void allowSharedMemory(int bytes) {
          call("cudaFuncSetAttribute");
        }
      };
    }

    @Override
    public void close() {
      synchronized (FakeGpu.this) {
        live.remove(this);
      }
    }
  }

  private final class Graph implements GpuGraph {
    private final List<Runnable> pieces;

    Graph(List<Runnable> pieces) {
      this.pieces = pieces;
    }

    @Override
    public void close() {
      synchronized (FakeGpu.this) {
        live.remove(this);
      }
    }
  }
}

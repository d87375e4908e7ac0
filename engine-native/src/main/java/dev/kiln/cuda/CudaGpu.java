package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMajor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMinor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrMultiProcessorCount;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetAttribute;
import static org.bytedeco.cuda.global.cudart.cudaDeviceScheduleBlockingSync;
import static org.bytedeco.cuda.global.cudart.cudaDeviceSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaEventBlockingSync;
import static org.bytedeco.cuda.global.cudart.cudaEventDisableTiming;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceProperties;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaHostAlloc;
import static org.bytedeco.cuda.global.cudart.cudaHostAllocPortable;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaSetDeviceFlags;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import dev.kiln.cuda.Cuda.Address;
import dev.kiln.memory.HostBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * A CUDA device through NVIDIA's runtime: the first visible to the process, which {@code
 * CUDA_VISIBLE_DEVICES} selects.
 */
public final class CudaGpu implements Gpu {
  private static final int DEVICE = 0;

  private final GpuDescription description;
  private final CubinCache kernels = CubinCache.ofUser();

  /** Open resources, oldest first. */
  private final Set<AutoCloseable> open = new LinkedHashSet<>();

  private boolean closed;

  private CudaGpu(GpuDescription description) {
    this.description = description;
  }

  /**
   * Opens the device.
   *
   * @throws IllegalStateException if this machine cannot run CUDA; the message is one line with the
   *     reason
   * @throws CudaException if the device does not respond
   */
  public static CudaGpu open() {
    CudaDriver.Status status = CudaDriver.status();
    if (!status.ready()) {
      throw new IllegalStateException(status.line());
    }
    // Waiting threads sleep instead of spinning: decode needs the cores.
    Cuda.check(cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync), "cudaSetDeviceFlags");
    try (cudaDeviceProp properties = new cudaDeviceProp()) {
      Cuda.check(cudaGetDeviceProperties(properties, DEVICE), "cudaGetDeviceProperties");
      return new CudaGpu(
          new GpuDescription(
              properties.name().getString(),
              attribute(cudaDevAttrComputeCapabilityMajor),
              attribute(cudaDevAttrComputeCapabilityMinor),
              properties.totalGlobalMem(),
              attribute(cudaDevAttrMultiProcessorCount),
              status.driver(),
              status.runtime()));
    }
  }

  /**
   * Returns the device's architecture, as in "sm_90", without opening it.
   *
   * @throws IllegalStateException if this machine cannot run CUDA
   * @throws CudaException if the device does not respond
   */
  public static String architecture() {
    CudaDriver.Status status = CudaDriver.status();
    if (!status.ready()) {
      throw new IllegalStateException(status.line());
    }
    return GpuDescription.architecture(
        attribute(cudaDevAttrComputeCapabilityMajor), attribute(cudaDevAttrComputeCapabilityMinor));
  }

  private static int attribute(int number) {
    int[] value = new int[1];
    Cuda.check(cudaDeviceGetAttribute(value, number, DEVICE), "cudaDeviceGetAttribute " + number);
    return value[0];
  }

  @Override
  public GpuDescription description() {
    return description;
  }

  @Override
  public HostBuffer pinned(String purpose, long bytes) {
    atLeastOne(purpose, bytes);
    requireOpen();
    // Not a LongPointer: JavaCPP would make that pointer itself point to the new block.
    try (PointerPointer<Pointer> block = new PointerPointer<>(1)) {
      int code = cudaHostAlloc(block, bytes, cudaHostAllocPortable);
      if (code == cudaErrorMemoryAllocation) {
        cudaGetLastError();
        throw new OutOfMemoryError(purpose + ": no pinned host memory for " + bytes + " bytes");
      }
      Cuda.check(code, purpose + ": cudaHostAlloc of " + bytes + " bytes");
      Address memory = new Address(block.get(0).address());
      return HostBuffer.over(purpose, bytes, memory, () -> unpin(purpose, memory));
    }
  }

  /** Only warns: the caller may be handling a device error, which must not be replaced by this. */
  private static void unpin(String purpose, Address memory) {
    int code = cudaFreeHost(memory);
    if (code != cudaSuccess) {
      System.getLogger(CudaGpu.class.getName())
          .log(
              System.Logger.Level.WARNING,
              Cuda.failure(code, purpose + ": cudaFreeHost").getMessage());
    }
  }

  @Override
  public DeviceBuffer allocate(String purpose, long bytes) {
    atLeastOne(purpose, bytes);
    requireOpen();
    // Not a LongPointer, as above.
    try (PointerPointer<Pointer> block = new PointerPointer<>(1)) {
      int code = cudaMalloc(block, bytes);
      if (code == cudaErrorMemoryAllocation) {
        cudaGetLastError();
        throw new DeviceMemoryException(purpose, bytes, freeBytes());
      }
      Cuda.check(code, purpose + ": cudaMalloc of " + bytes + " bytes");
      long address = block.get(0).address();
      return opened(new DeviceBuffer(purpose, address, bytes, this::free));
    }
  }

  private void free(DeviceBuffer memory) {
    closed(memory);
    Cuda.check(cudaFree(new Address(memory.address())), memory.purpose() + ": cudaFree");
  }

  private static void atLeastOne(String purpose, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(purpose + ": expected at least 1 byte, found " + bytes);
    }
  }

  @Override
  public long freeBytes() {
    requireOpen();
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      Cuda.check(cudaMemGetInfo(free, total), "cudaMemGetInfo");
      return free.get();
    }
  }

  @Override
  public GpuStream newStream(String name) {
    requireOpen();
    return opened(new CudaStream(name, this));
  }

  @Override
  public GpuEvent newEvent() {
    requireOpen();
    return opened(new CudaEvent(cudaEventBlockingSync | cudaEventDisableTiming, this));
  }

  @Override
  public GpuEvent newTimer() {
    requireOpen();
    return opened(new CudaEvent(cudaEventBlockingSync, this));
  }

  @Override
  public GpuModule compile(String name, String source, List<String> options) {
    return load(name, kernels.get(name, source, description.architecture(), options));
  }

  @Override
  public GpuModule compile(DeviceCode code) {
    String target =
        code.target(description.architecture())
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        code.title() + " does not run on " + description.architecture()));
    return load(code.title(), kernels.get(code.title(), code.source(), target, List.of()));
  }

  @Override
  public GpuModule load(String name, byte[] cubin) {
    requireOpen();
    return opened(new CudaModule(name, cubin, this));
  }

  @Override
  public Optional<CublasLt> matrixLibrary() {
    return present(CublasLt.missing()) ? Optional.of(CublasLt.open(this)) : Optional.empty();
  }

  @Override
  public Optional<Cudnn> fusionLibrary() {
    return present(Cudnn.missing()) ? Optional.of(Cudnn.open(this)) : Optional.empty();
  }

  private static boolean present(Optional<String> missing) {
    missing.ifPresent(
        reason -> System.getLogger(CudaGpu.class.getName()).log(System.Logger.Level.INFO, reason));
    return missing.isEmpty();
  }

  /** Registers a resource that is closed with the device unless its owner closes it first. */
  synchronized <T extends AutoCloseable> T opened(T owned) {
    open.add(owned);
    return owned;
  }

  synchronized void closed(AutoCloseable owned) {
    open.remove(owned);
  }

  private synchronized void requireOpen() {
    if (closed) {
      throw new IllegalStateException(description.name() + ": used after close");
    }
  }

  @Override
  public OptionalDouble joules() {
    try (Nvml driver = Nvml.open()) {
      return OptionalDouble.of(driver.joules());
    } catch (IllegalStateException | CudaException e) {
      // Older and virtual devices have no energy counter.
      return OptionalDouble.empty();
    }
  }

  @Override
  public void close() {
    List<AutoCloseable> left;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      left = new ArrayList<>(open);
    }
    RuntimeException failure = null;
    try {
      Cuda.check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    } catch (CudaException e) {
      failure = e;
    }
    // Newest first: a resource is closed before those it was created from.
    for (int i = left.size() - 1; i >= 0; i--) {
      failure = close(left.get(i), failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static RuntimeException close(AutoCloseable owned, RuntimeException earlier) {
    try {
      owned.close();
    } catch (Exception e) {
      if (earlier == null) {
        return e instanceof RuntimeException known ? known : new IllegalStateException(e);
      }
      earlier.addSuppressed(e);
    }
    return earlier;
  }
}

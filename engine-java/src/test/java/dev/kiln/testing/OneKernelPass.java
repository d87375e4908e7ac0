package dev.kiln.testing;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.gpu.DeviceForwardPass;
import dev.kiln.infer.gpu.SlotBuffers;
import dev.kiln.type.DataType;

/**
 * A forward pass that is a single kernel: one block per chip, with pointers to patches, times,
 * locations, gsd and embeddings.
 */
public final class OneKernelPass implements DeviceForwardPass {
  private final String kernel;
  private final DataType patchType;
  private final DeviceBuffer weights;
  private final GpuModule module;

  /**
   * Allocates weights and loads a module.
   *
   * @param kernel name of the kernel
   * @param patchType type of the patch rows
   */
  public OneKernelPass(Gpu gpu, String kernel, DataType patchType) {
    this.kernel = kernel;
    this.patchType = patchType;
    this.weights = gpu.allocate("weights", 1000);
    try {
      this.module = gpu.load("program", new byte[0]);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  @Override
  public DataType patchType() {
    return patchType;
  }

  @Override
  public long weightBytes() {
    return 0;
  }

  @Override
  public long activationBytes() {
    return 0;
  }

  @Override
  public Binding bind(SlotBuffers slot) {
    return new Binding() {
      @Override
      public void enqueue(GpuStream compute, int size) {
        compute.launch(
            module.kernel(kernel),
            LaunchShape.of(size, 32),
            new KernelArguments()
                .pointer(slot.patches())
                .pointer(slot.time())
                .pointer(slot.latlon())
                .pointer(slot.gsd())
                .pointer(slot.embedding()));
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {
    module.close();
    weights.close();
  }
}

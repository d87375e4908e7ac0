package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;

/**
 * Matrix products with Kiln's own kernels ({@code encoder.cu}), which apply bias, GELU and residual
 * in the same pass.
 */
final class KernelGemm implements Gemm {
  // As in encoder.cu.
  private static final int BLOCK_ROWS = 128;
  private static final int BLOCK_COLUMNS = 128;
  private static final int THREADS = 256;
  private static final int SHARED_BYTES = 4 * (128 * 40 + 32 * 136) * Short.BYTES;

  private final GpuKernel store;
  private final GpuKernel gelu;
  private final GpuKernel add;

  /**
   * Finds the kernels.
   *
   * @param module compiled from {@code encoder.cu}; borrowed
   */
  KernelGemm(GpuModule module) {
    this.store = kernel(module, "kiln_product");
    this.gelu = kernel(module, "kiln_product_gelu");
    this.add = kernel(module, "kiln_product_add");
  }

  private static GpuKernel kernel(GpuModule module, String name) {
    GpuKernel kernel = module.kernel(name);
    kernel.allowSharedMemory(SHARED_BYTES);
    return kernel;
  }

  @Override
  public String name() {
    return "own kernels";
  }

  @Override
  public void store(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    launch(stream, store, linear, rows, from, to, 0);
  }

  @Override
  public void gelu(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    launch(stream, gelu, linear, rows, from, to, 0);
  }

  @Override
  public void add(GpuStream stream, Linear linear, int rows, Rows from, Rows to) {
    launch(stream, add, linear, rows, from, to, 0);
  }

  /**
   * Queues {@link #add}, but skips the first of every {@code group + 1} rows of {@code to}: the
   * class token, to which no patch is added.
   */
  void addBehindClassTokens(
      GpuStream stream, Linear linear, int rows, Rows from, Rows to, int group) {
    launch(stream, add, linear, rows, from, to, group);
  }

  private static void launch(
      GpuStream stream, GpuKernel kernel, Linear linear, int rows, Rows from, Rows to, int group) {
    stream.launch(
        kernel,
        new LaunchShape(
            (linear.out() + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS,
            (rows + BLOCK_ROWS - 1) / BLOCK_ROWS,
            1,
            THREADS,
            SHARED_BYTES),
        new KernelArguments()
            .int64(from.address())
            .int64(from.stride())
            .pointer(linear.weight())
            .int32(rows)
            .int32(linear.out())
            .int32(linear.in())
            .int64(linear.bias().map(DeviceBuffer::address).orElse(0L))
            .int64(to.address())
            .int64(to.stride())
            .int32(group));
  }

  @Override
  public void close() {
    // The kernels belong to the module.
  }
}

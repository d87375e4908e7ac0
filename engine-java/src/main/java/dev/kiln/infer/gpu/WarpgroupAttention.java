package dev.kiln.infer.gpu;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.model.Architecture;

/**
 * Attention with heads of 64 by a kernel for sm_90 ({@code attention_sm90.cu}), whose matrix
 * products run in the background of the softmax.
 */
final class WarpgroupAttention implements AutoCloseable {
  // As in attention_sm90.cu.
  private static final int HEAD = 64;
  private static final int QUERIES = 128;
  private static final int THREADS = 256;
  private static final int ALIGNMENT = 1024;
  private static final int SHARED_BYTES = ALIGNMENT + 128 * 128 + 4 * 2 * 64 * 128;

  /** Largest number whose weights fit in the shared memory of a block. */
  private static final int MOST_TOKENS = 128 * 128 + 1;

  private final GpuModule module;
  private final GpuKernel kernel;

  /**
   * Compiles the kernel.
   *
   * @throws IllegalStateException if it is not compiled yet and this machine has no compiler
   */
  WarpgroupAttention(Gpu gpu) {
    this.module = gpu.compile(DeviceCode.ATTENTION_SM90);
    try {
      this.kernel = module.kernel("kiln_attention_64_sm90");
      kernel.allowSharedMemory(SHARED_BYTES);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Returns whether a device can run the kernel for a model. */
  static boolean supports(Gpu gpu, Architecture model, int tokens) {
    return model.dimHead() == HEAD
        && tokens <= MOST_TOKENS
        && DeviceCode.ATTENTION_SM90.target(gpu.description().architecture()).isPresent();
  }

  /** Returns the shape of a launch for all queries. */
  static LaunchShape shape(int tokens, int heads, int chips) {
    // The class token, and blocks of patches.
    int blocks = 1 + (tokens - 1 + QUERIES - 1) / QUERIES;
    return new LaunchShape(blocks, heads, chips, THREADS, SHARED_BYTES);
  }

  /**
   * Queues attention.
   *
   * @param qkv {@code [chips, tokens, 3, heads, 64]}, bfloat16, queries scaled for base 2
   * @param out receives {@code [chips, tokens, heads, 64]}, bfloat16
   */
  void enqueue(
      GpuStream stream, DeviceBuffer qkv, DeviceBuffer out, int tokens, int heads, int chips) {
    stream.launch(
        kernel,
        shape(tokens, heads, chips),
        new KernelArguments().pointer(qkv).pointer(out).int32(tokens).int32(heads));
  }

  /** Unloads the kernel; a second call does nothing. */
  @Override
  public void close() {
    module.close();
  }
}

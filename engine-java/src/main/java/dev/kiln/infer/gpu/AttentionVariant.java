package dev.kiln.infer.gpu;

import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GpuStream;
import dev.kiln.model.Architecture;
import java.util.OptionalInt;

/** An implementation of attention for all queries, besides the kernel for all architectures. */
interface AttentionVariant extends AutoCloseable {
  /** Returns the name, as in "cuDNN 9.25.0 in /usr/lib/libcudnn_graph.so.9". */
  String name();

  /** Returns the prefix of its measurements in the log. */
  String label();

  /** Returns the only number of chips that it can compute; empty for any. */
  OptionalInt onlySize();

  /** Returns its bytes of device memory, besides input and output. */
  long workspaceBytes();

  /** Queues attention of {@code size} chips. */
  void enqueue(GpuStream stream, int size);

  @Override
  void close();

  /**
   * Returns the kernel for sm_90, between two buffers.
   *
   * @param attention closed by the variant
   */
  static AttentionVariant of(
      WarpgroupAttention attention,
      DeviceBuffer qkv,
      DeviceBuffer out,
      int tokens,
      Architecture model) {
    return new AttentionVariant() {
      @Override
      public String name() {
        return "kernel for sm_90";
      }

      @Override
      public String label() {
        return "attention_sm90";
      }

      @Override
      public OptionalInt onlySize() {
        return OptionalInt.empty();
      }

      @Override
      public long workspaceBytes() {
        return 0;
      }

      @Override
      public void enqueue(GpuStream stream, int size) {
        attention.enqueue(stream, qkv, out, tokens, model.heads(), size);
      }

      @Override
      public void close() {
        attention.close();
      }
    };
  }

  /**
   * Returns attention by cuDNN.
   *
   * @param library closed by the variant
   * @param attention of the library; closed by the variant
   * @param batchSize number of chips of the attention
   */
  static AttentionVariant of(Cudnn library, Cudnn.Attention attention, int batchSize) {
    return new AttentionVariant() {
      @Override
      public String name() {
        return Cudnn.description();
      }

      @Override
      public String label() {
        return "cudnn";
      }

      @Override
      public OptionalInt onlySize() {
        return OptionalInt.of(batchSize);
      }

      @Override
      public long workspaceBytes() {
        return attention.workspaceBytes();
      }

      @Override
      public void enqueue(GpuStream stream, int size) {
        attention.enqueue(stream);
      }

      @Override
      public void close() {
        Closer closing = new Closer();
        closing.close(attention);
        closing.close(library);
        closing.done();
      }
    };
  }
}

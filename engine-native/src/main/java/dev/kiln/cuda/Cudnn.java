package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_IS_BY_VALUE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;

import dev.kiln.cuda.Cuda.Address;
import java.util.Optional;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.FloatPointer;

/**
 * NVIDIA's cuDNN, through its backend API: a graph of operations, an engine that the library
 * recommends for it, and a plan that runs it as one kernel.
 *
 * <p>Not safe for concurrent use. The owner closes it before the device.
 */
public final class Cudnn implements AutoCloseable {
  /** The first version with attention as one operation. */
  private static final long OLDEST = 91301;

  /** Numbers of the tensors in the graph: queries, keys, values, result and factor. */
  private static final long[] IDS = {1, 2, 3, 4, 5};

  private final Gpu gpu;
  private final cudnnContext context = new cudnnContext();
  private boolean closed;

  private Cudnn(Gpu gpu) {
    this.gpu = gpu;
  }

  /** Returns why this machine cannot use the library, in one line; empty if it can. */
  public static Optional<String> missing() {
    Optional<String> missing = NvidiaLibrary.CUDNN.missing();
    if (missing.isEmpty() && cudnnGetVersion() < OLDEST) {
      return Optional.of("%s: expected version 9.13.1 or later".formatted(description()));
    }
    return missing;
  }

  /**
   * Opens the library on a device.
   *
   * @param gpu a {@link CudaGpu}, on which workspaces are allocated
   * @throws IllegalStateException if this machine does not have the library, or it fails
   */
  public static Cudnn open(Gpu gpu) {
    NvidiaLibrary.CUDNN.load();
    Cudnn library = new Cudnn(gpu);
    CudnnDescriptor.check(cudnnCreate(library.context), "cudnnCreate");
    return library;
  }

  /**
   * Returns version and file of the library, as in "cuDNN 9.25.0 in /usr/lib/libcudnn_graph.so.9".
   *
   * @throws IllegalStateException if this machine does not have it
   */
  public static String description() {
    NvidiaLibrary.CUDNN.load();
    long number = cudnnGetVersion();
    return "cuDNN %d.%d.%d in %s"
        .formatted(
            number / 10_000,
            number / 100 % 100,
            number % 100,
            NvidiaLibrary.CUDNN.location().orElseThrow());
  }

  /**
   * Prepares attention from one buffer to another.
   *
   * @param qkv queries, keys and values, as {@link AttentionShape} describes them; borrowed
   * @param out receives the result; borrowed
   * @return the attention, which the caller closes before the library; empty if the library does
   *     not support the shape on this device
   * @throws IllegalStateException if the library fails
   * @throws DeviceMemoryException if there is no room for its workspace
   */
  public Optional<Attention> attention(AttentionShape shape, DeviceBuffer qkv, DeviceBuffer out) {
    requireOpen();
    Attention attention = new Attention();
    try {
      if (attention.prepare(shape, qkv, out)) {
        return Optional.of(attention);
      }
    } catch (RuntimeException | Error e) {
      attention.graph.closeAfter(e);
      throw e;
    }
    attention.close();
    return Optional.empty();
  }

  /**
   * Prepares products with bias and GELU.
   *
   * @param shape of the product; its output is replaced by the result of GELU
   * @param most plans that are prepared, each of which the library may have to compile
   * @return the product, which the caller closes before the library; empty if the library does not
   *     support it on this device
   * @throws IllegalStateException if the library fails
   * @throws DeviceMemoryException if there is no room for its workspace
   */
  public Optional<GeluProduct> geluProduct(GemmShape shape, int most) {
    requireOpen();
    return GeluProduct.prepare(new CudnnGraph(gpu, context), shape, most);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("cuDNN: used after close");
    }
  }

  /** Attention of one shape, bound to its memory. */
  public final class Attention implements AutoCloseable {
    private final CudnnGraph graph = new CudnnGraph(gpu, context);
    private CudnnDescriptor addresses;

    private Attention() {}

    /** Returns the bytes of device memory that it has allocated. */
    public long workspaceBytes() {
      return graph.workspaceBytes();
    }

    private boolean prepare(AttentionShape shape, DeviceBuffer qkv, DeviceBuffer out) {
      CudnnDescriptor operation =
          graph
              .create("attention", CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR)
              .descriptors(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, tensor(shape, IDS[0], 3 * shape.inner()))
              .descriptors(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, tensor(shape, IDS[1], 3 * shape.inner()))
              .descriptors(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, tensor(shape, IDS[2], 3 * shape.inner()))
              .descriptors(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, tensor(shape, IDS[3], shape.inner()))
              .descriptors(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, scalar(IDS[4]))
              .finish();
      if (graph.prepare(1, operation) == 0) {
        return false;
      }
      long first = qkv.address(0, shape.inputBytes());
      long part = shape.inner() * Short.BYTES;
      addresses =
          graph.addresses(
              IDS,
              new Address(first),
              new Address(first + part),
              new Address(first + 2 * part),
              new Address(out.address(0, shape.outputBytes())),
              // Read from host memory at each execution.
              graph.own(new FloatPointer(shape.factor())));
      return true;
    }

    /** Describes {@code [batch, heads, tokens, headSize]}, with the given elements per token. */
    private CudnnDescriptor tensor(AttentionShape shape, long id, long perToken) {
      return graph
          .tensor(
              id,
              CUDNN_DATA_BFLOAT16,
              new long[] {shape.batch(), shape.heads(), shape.tokens(), shape.headSize()},
              new long[] {perToken * shape.tokens(), shape.headSize(), perToken, 1})
          .finish();
    }

    private CudnnDescriptor scalar(long id) {
      long[] ones = {1, 1, 1, 1};
      return graph
          .tensor(id, CUDNN_DATA_FLOAT, ones, ones)
          .yes(CUDNN_ATTR_TENSOR_IS_BY_VALUE)
          .finish();
    }

    /**
     * Queues the attention.
     *
     * @throws IllegalStateException if the library refuses
     */
    public void enqueue(GpuStream stream) {
      requireOpen();
      graph.execute(stream, 0, addresses);
    }

    /** Frees plan and workspace; a second call does nothing. */
    @Override
    public void close() {
      graph.close();
    }
  }

  /** Closes the library; everything prepared has been closed before. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CudnnDescriptor.check(cudnnDestroy(context), "cudnnDestroy");
    }
  }
}

package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_IS_BY_VALUE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_STRIDES;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_HEUR_MODE_A;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_VOID_PTR;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendExecute;
import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import dev.kiln.cuda.Cuda.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Fused attention by NVIDIA's cuDNN, through its backend API: a graph of one operation, an engine
 * that the library recommends for it, and a plan that runs it.
 *
 * <p>Not safe for concurrent use. The owner closes it before the device.
 */
public final class Cudnn implements AutoCloseable {
  /** The first version with attention as one operation. */
  private static final long OLDEST = 91301;

  private static final int CANDIDATES = 8;
  private static final long ALIGNMENT = 16;

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
      attention.closeAfter(e);
      throw e;
    }
    attention.close();
    return Optional.empty();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("cuDNN: used after close");
    }
  }

  /** Attention of one shape, bound to its memory. */
  public final class Attention implements AutoCloseable {
    private final List<AutoCloseable> owned = new ArrayList<>();
    private CudnnDescriptor plan;
    private CudnnDescriptor pack;
    private long workspaceBytes;

    private Attention() {}

    /** Returns the bytes of device memory that it has allocated. */
    public long workspaceBytes() {
      return workspaceBytes;
    }

    private <T extends AutoCloseable> T own(T resource) {
      owned.add(resource);
      return resource;
    }

    private CudnnDescriptor create(String name, int type) {
      return own(new CudnnDescriptor(name, type));
    }

    private boolean prepare(AttentionShape shape, DeviceBuffer qkv, DeviceBuffer out) {
      CudnnDescriptor heuristic =
          create("heuristic", CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
              .descriptor(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph(shape))
              .code(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
      if (!heuristic.supported()) {
        return false;
      }
      CudnnDescriptor[] engines = new CudnnDescriptor[CANDIDATES];
      for (int i = 0; i < CANDIDATES; i++) {
        engines[i] = create("engine", CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
      }
      int found = heuristic.fill(CUDNN_ATTR_ENGINEHEUR_RESULTS, engines);
      for (int i = 0; i < found && plan == null; i++) {
        CudnnDescriptor candidate =
            create("plan", CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
                .pointers(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, context)
                .descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engines[i]);
        // The library recommends engines that it cannot build on this machine.
        if (candidate.supported()) {
          plan = candidate;
        }
      }
      if (plan != null) {
        bind(shape, qkv, out);
      }
      return plan != null;
    }

    private CudnnDescriptor graph(AttentionShape shape) {
      CudnnDescriptor operation =
          create("attention", CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR)
              .descriptor(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, tensor(shape, IDS[0], 3 * shape.inner()))
              .descriptor(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, tensor(shape, IDS[1], 3 * shape.inner()))
              .descriptor(
                  CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, tensor(shape, IDS[2], 3 * shape.inner()))
              .descriptor(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, tensor(shape, IDS[3], shape.inner()))
              .descriptor(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, scalar(IDS[4]))
              .finish();
      return create("graph", CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
          .pointers(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, context)
          .descriptor(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation)
          .finish();
    }

    /** Describes {@code [batch, heads, tokens, headSize]}, with the given elements per token. */
    private CudnnDescriptor tensor(AttentionShape shape, long id, long perToken) {
      return create("tensor", CUDNN_BACKEND_TENSOR_DESCRIPTOR)
          .code(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_BFLOAT16)
          .longs(
              CUDNN_ATTR_TENSOR_DIMENSIONS,
              shape.batch(),
              shape.heads(),
              shape.tokens(),
              shape.headSize())
          .longs(
              CUDNN_ATTR_TENSOR_STRIDES, perToken * shape.tokens(), shape.headSize(), perToken, 1)
          .longs(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
          .longs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT)
          .finish();
    }

    private CudnnDescriptor scalar(long id) {
      return create("factor", CUDNN_BACKEND_TENSOR_DESCRIPTOR)
          .code(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
          .longs(CUDNN_ATTR_TENSOR_DIMENSIONS, 1, 1, 1, 1)
          .longs(CUDNN_ATTR_TENSOR_STRIDES, 1, 1, 1, 1)
          .longs(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
          .longs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT)
          .yes(CUDNN_ATTR_TENSOR_IS_BY_VALUE)
          .finish();
    }

    private void bind(AttentionShape shape, DeviceBuffer qkv, DeviceBuffer out) {
      long bytes = Math.max(1, plan.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
      DeviceBuffer workspace = own(gpu.allocate("workspace of cuDNN", bytes));
      workspaceBytes = bytes;
      long first = qkv.address(0, shape.inputBytes());
      long part = shape.inner() * Short.BYTES;
      // Read from host memory at each execution.
      FloatPointer factor = own(new FloatPointer(shape.factor()));
      pack =
          create("addresses", CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
              .pointers(
                  CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                  CUDNN_TYPE_VOID_PTR,
                  new Address(first),
                  new Address(first + part),
                  new Address(first + 2 * part),
                  new Address(out.address(0, shape.outputBytes())),
                  factor)
              .longs(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, IDS)
              .pointers(
                  CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                  CUDNN_TYPE_VOID_PTR,
                  new Address(workspace.address()))
              .finish();
    }

    /**
     * Queues the attention.
     *
     * @throws IllegalStateException if the library refuses
     */
    public void enqueue(GpuStream stream) {
      requireOpen();
      CudnnDescriptor.check(
          cudnnSetStream(context, new CUstream_st(new Address(stream.address()))),
          "cudnnSetStream");
      CudnnDescriptor.check(
          cudnnBackendExecute(context, plan.get(), pack.get()), "cudnnBackendExecute");
    }

    private void closeAfter(Throwable failure) {
      try {
        close();
      } catch (RuntimeException e) {
        failure.addSuppressed(e);
      }
    }

    /** Frees plan and workspace; a second call does nothing. */
    @Override
    public void close() {
      RuntimeException failure = null;
      for (int i = owned.size() - 1; i >= 0; i--) {
        try {
          owned.get(i).close();
        } catch (Exception e) {
          RuntimeException thrown =
              e instanceof RuntimeException known ? known : new IllegalStateException(e);
          failure = failure == null ? thrown : failure;
        }
      }
      owned.clear();
      if (failure != null) {
        throw failure;
      }
    }
  }

  /** Closes the library; every attention has been closed before. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      CudnnDescriptor.check(cudnnDestroy(context), "cudnnDestroy");
    }
  }
}

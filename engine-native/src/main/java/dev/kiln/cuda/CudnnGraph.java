package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATIONGRAPH_OPS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_DIMENSIONS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_STRIDES;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_UNIQUE_ID;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_TENSOR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_HEUR_MODE_A;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_VOID_PTR;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendExecute;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import dev.kiln.cuda.Cuda.Address;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.javacpp.Pointer;

/**
 * A graph of operations of cuDNN, and the plans that run it. Owns all that it creates.
 *
 * <p>Not safe for concurrent use. The owner closes it before the library.
 */
final class CudnnGraph implements AutoCloseable {
  private static final int CANDIDATES = 8;
  private static final long ALIGNMENT = 16;

  private final Gpu gpu;
  private final cudnnContext context;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<CudnnDescriptor> plans = new ArrayList<>();
  private Address workspace;
  private long workspaceBytes;

  /**
   * Creates an empty graph.
   *
   * @param gpu on which workspaces are allocated
   * @param context of the library; borrowed
   */
  CudnnGraph(Gpu gpu, cudnnContext context) {
    this.gpu = gpu;
    this.context = context;
  }

  <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  CudnnDescriptor create(String name, int type) {
    return own(new CudnnDescriptor(name, type));
  }

  /** Describes a tensor; the caller finishes it. */
  CudnnDescriptor tensor(long id, int dataType, long[] size, long[] stride) {
    return create("tensor", CUDNN_BACKEND_TENSOR_DESCRIPTOR)
        .code(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, dataType)
        .longs(CUDNN_ATTR_TENSOR_DIMENSIONS, size)
        .longs(CUDNN_ATTR_TENSOR_STRIDES, stride)
        .longs(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .longs(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, ALIGNMENT);
  }

  /**
   * Prepares plans, the library's favorite first, and memory for them.
   *
   * @param most plans that are prepared
   * @param operations of the graph, finished
   * @return how many; 0 if the library does not support the graph on this device
   * @throws DeviceMemoryException if there is no room for their workspace
   */
  int prepare(int most, CudnnDescriptor... operations) {
    CudnnDescriptor graph =
        create("graph", CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR)
            .pointers(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, context)
            .descriptors(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations);
    if (!graph.supported()) {
      return 0;
    }
    CudnnDescriptor heuristic =
        create("heuristic", CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR)
            .descriptors(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
            .code(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
    if (!heuristic.supported()) {
      return 0;
    }
    CudnnDescriptor[] engines = new CudnnDescriptor[CANDIDATES];
    for (int i = 0; i < CANDIDATES; i++) {
      engines[i] = create("engine", CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    }
    int found = heuristic.fill(CUDNN_ATTR_ENGINEHEUR_RESULTS, engines);
    for (int i = 0; i < found && plans.size() < most; i++) {
      CudnnDescriptor candidate =
          create("plan", CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR)
              .pointers(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, context)
              .descriptors(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, engines[i]);
      // The library recommends engines that it cannot build on this machine.
      if (candidate.supported()) {
        plans.add(candidate);
        workspaceBytes =
            Math.max(workspaceBytes, candidate.number(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
      }
    }
    if (!plans.isEmpty()) {
      workspaceBytes = Math.max(1, workspaceBytes);
      workspace = new Address(own(gpu.allocate("workspace of cuDNN", workspaceBytes)).address());
    }
    return plans.size();
  }

  /** Returns the bytes of device memory that it has allocated. */
  long workspaceBytes() {
    return workspaceBytes;
  }

  /** Returns the addresses of tensors, for {@link #execute}. */
  CudnnDescriptor addresses(long[] ids, Pointer... data) {
    return create("addresses", CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
        .pointers(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, data)
        .longs(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
        .pointers(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace)
        .finish();
  }

  /**
   * Queues the graph.
   *
   * @param plan index of one of the prepared plans
   * @throws IllegalStateException if the library refuses
   */
  void execute(GpuStream stream, int plan, CudnnDescriptor addresses) {
    CudnnDescriptor.check(
        cudnnSetStream(context, new CUstream_st(new Address(stream.address()))), "cudnnSetStream");
    CudnnDescriptor.check(
        cudnnBackendExecute(context, plans.get(plan).get(), addresses.get()),
        "cudnnBackendExecute");
  }

  /** Closes after a failure, to which what fails is added. */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Frees plans and workspace; a second call does nothing. */
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

package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiate;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;

/** A {@code cudaGraphExec_t}. */
final class CudaGraph implements GpuGraph {
  private final CUgraphExec_st executable = new CUgraphExec_st();
  private final CudaGpu gpu;
  private boolean closed;

  /**
   * Instantiates a graph.
   *
   * @param graph the captured graph; the caller destroys it
   */
  CudaGraph(CUgraph_st graph, CudaGpu gpu) {
    this.gpu = gpu;
    Cuda.check(cudaGraphInstantiate(executable, graph, 0), "cudaGraphInstantiate");
  }

  synchronized CUgraphExec_st handle() {
    if (closed) {
      throw new IllegalStateException("graph used after close");
    }
    return executable;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      gpu.closed(this);
      Cuda.check(cudaGraphExecDestroy(executable), "cudaGraphExecDestroy");
    }
  }
}

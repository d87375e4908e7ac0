package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_MATMUL_COMP_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_MATMUL_ADESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_MATMUL_BDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_MATMUL_CDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_MATMUL_DESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_BDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_XDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_OPERATION_POINTWISE_YDESC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_POINTWISE_MATH_PREC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_POINTWISE_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_TENSOR_IS_VIRTUAL;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_MATMUL_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_POINTWISE_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_ADD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_POINTWISE_GELU_FWD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_DATA_TYPE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_POINTWISE_MODE;

import dev.kiln.cuda.Cuda.Address;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A matrix product with bias and GELU by one kernel of cuDNN: {@code out = gelu(a · w + bias)},
 * where sum, bias and GELU (the erf form) are computed in float32 and the result is rounded to
 * bfloat16.
 *
 * <p>Not safe for concurrent use. The owner closes it before the library.
 */
public final class GeluProduct implements AutoCloseable {
  // Numbers of the tensors in the graph: those in memory, then those between operations.
  private static final long A = 1;
  private static final long W = 2;
  private static final long BIAS = 3;
  private static final long OUT = 4;
  private static final long PRODUCT = 5;
  private static final long SUM = 6;
  private static final long[] IN_MEMORY = {A, W, BIAS, OUT};

  private final CudnnGraph graph;
  private final GemmShape shape;
  private final Map<Operands, CudnnDescriptor> bound = new HashMap<>();
  private int plans;

  private record Operands(long a, long w, long bias, long out) {}

  private GeluProduct(CudnnGraph graph, GemmShape shape) {
    this.graph = graph;
    this.shape = shape;
  }

  /**
   * Prepares the product.
   *
   * @param graph empty; closed by the product, or by this method
   */
  static Optional<GeluProduct> prepare(CudnnGraph graph, GemmShape shape, int most) {
    GeluProduct product = new GeluProduct(graph, shape);
    try {
      product.plans = graph.prepare(most, product.operations());
    } catch (RuntimeException | Error e) {
      graph.closeAfter(e);
      throw e;
    }
    if (product.plans > 0) {
      return Optional.of(product);
    }
    graph.close();
    return Optional.empty();
  }

  private CudnnDescriptor[] operations() {
    long rows = shape.rows();
    long columns = shape.columns();
    long inner = shape.inner();
    CudnnDescriptor product = virtual(PRODUCT);
    CudnnDescriptor sum = virtual(SUM);
    CudnnDescriptor multiply =
        graph
            .create("product", CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR)
            .descriptors(
                CUDNN_ATTR_OPERATION_MATMUL_ADESC,
                matrix(A, CUDNN_DATA_BFLOAT16, rows, inner, shape.aStride()).finish())
            .descriptors(
                CUDNN_ATTR_OPERATION_MATMUL_BDESC,
                matrix(W, CUDNN_DATA_BFLOAT16, inner, columns, columns).finish())
            .descriptors(CUDNN_ATTR_OPERATION_MATMUL_CDESC, product)
            .descriptors(
                CUDNN_ATTR_OPERATION_MATMUL_DESC,
                graph
                    .create("precision of a product", CUDNN_BACKEND_MATMUL_DESCRIPTOR)
                    .code(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
                    .finish())
            .finish();
    CudnnDescriptor add =
        pointwise("bias", CUDNN_POINTWISE_ADD, product)
            .descriptors(
                CUDNN_ATTR_OPERATION_POINTWISE_BDESC,
                matrix(BIAS, CUDNN_DATA_FLOAT, 1, columns, columns).finish())
            .descriptors(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, sum)
            .finish();
    CudnnDescriptor gelu =
        pointwise("gelu", CUDNN_POINTWISE_GELU_FWD, sum)
            .descriptors(
                CUDNN_ATTR_OPERATION_POINTWISE_YDESC,
                matrix(OUT, CUDNN_DATA_BFLOAT16, rows, columns, shape.outStride()).finish())
            .finish();
    return new CudnnDescriptor[] {multiply, add, gelu};
  }

  private CudnnDescriptor pointwise(String name, int mode, CudnnDescriptor of) {
    return graph
        .create(name, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
        .descriptors(
            CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR,
            graph
                .create("mode of " + name, CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
                .code(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, mode)
                .code(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
                .finish())
        .descriptors(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, of);
  }

  private CudnnDescriptor virtual(long id) {
    return matrix(id, CUDNN_DATA_FLOAT, shape.rows(), shape.columns(), shape.columns())
        .yes(CUDNN_ATTR_TENSOR_IS_VIRTUAL)
        .finish();
  }

  private CudnnDescriptor matrix(long id, int type, long rows, long columns, long stride) {
    return graph.tensor(
        id, type, new long[] {1, rows, columns}, new long[] {rows * stride, stride, 1});
  }

  /** Returns the number of plans, of which the library estimates the first to be the fastest. */
  public int plans() {
    return plans;
  }

  /** Returns the bytes of device memory that it has allocated. */
  public long workspaceBytes() {
    return graph.workspaceBytes();
  }

  /**
   * Queues the product.
   *
   * @param plan from 0 to {@link #plans} − 1
   * @param a device address of the first element of a
   * @param w bfloat16 {@code [inner, columns]}
   * @param bias float32 {@code [columns]}
   * @param out device address of the first element of out
   * @throws IllegalStateException if the library refuses
   */
  public void enqueue(
      GpuStream stream, int plan, long a, DeviceBuffer w, DeviceBuffer bias, long out) {
    Operands operands =
        new Operands(
            a,
            w.address(0, 2L * shape.inner() * shape.columns()),
            bias.address(0, (long) Float.BYTES * shape.columns()),
            out);
    graph.execute(stream, plan, bound.computeIfAbsent(operands, this::bind));
  }

  private CudnnDescriptor bind(Operands operands) {
    return graph.addresses(
        IN_MEMORY,
        new Address(operands.a()),
        new Address(operands.w()),
        new Address(operands.bias()),
        new Address(operands.out()));
  }

  /** Frees plans and workspace; a second call does nothing. */
  @Override
  public void close() {
    bound.clear();
    graph.close();
  }
}

package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_EPILOGUE_BIAS;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_BIAS_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_EPILOGUE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.cublasLtCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtGetStatusString;
import static org.bytedeco.cuda.global.cublas.cublasLtGetVersion;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmul;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoCheck;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoGetHeuristic;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutDestroy;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import dev.kiln.cuda.Cuda.Address;
import dev.kiln.cuda.GemmShape.Output;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * NVIDIA's library of matrix products with epilogues. Its matrices are column-major: a row-major
 * product {@code a · w} is computed as {@code wᵀ · aᵀ} over the same memory.
 *
 * <p>Not safe for concurrent use. The owner closes it before the device.
 */
public final class CublasLt implements AutoCloseable {
  /** NVIDIA's recommendation for Hopper; smaller devices need less. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  private static final int SUCCESS = 0;
  private static final int NOT_SUPPORTED = 15;

  private final cublasLtContext context = new cublasLtContext();
  private final FloatPointer one = new FloatPointer(1f);
  private final FloatPointer zero = new FloatPointer(0f);
  private final DeviceBuffer workspace;
  private boolean closed;

  /**
   * The library's own description of an algorithm; valid for one version of the library and one
   * kind of device.
   *
   * @param words 8 words of 64 bits
   */
  public record Algorithm(List<Long> words) {
    private static final int WORDS = 8;

    /** Checks the number of words. */
    public Algorithm {
      words = List.copyOf(words);
      if (words.size() != WORDS) {
        throw new IllegalArgumentException("expected 8 words, found " + words.size());
      }
    }

    private static Algorithm of(cublasLtMatmulAlgo_t source) {
      List<Long> words = new ArrayList<>();
      for (int i = 0; i < WORDS; i++) {
        words.add(source.data(i));
      }
      return new Algorithm(words);
    }

    private cublasLtMatmulAlgo_t toNative() {
      cublasLtMatmulAlgo_t made = new cublasLtMatmulAlgo_t();
      for (int i = 0; i < WORDS; i++) {
        made.data(i, words.get(i));
      }
      return made;
    }
  }

  /** Returns the bytes of device memory that it has allocated. */
  public long workspaceBytes() {
    return workspace.size();
  }

  private CublasLt(DeviceBuffer workspace) {
    this.workspace = workspace;
  }

  /** Returns why this machine cannot load the library, in one line; empty if it can. */
  public static Optional<String> missing() {
    return NvidiaLibrary.CUBLAS.missing();
  }

  /**
   * Opens the library on a device.
   *
   * @param gpu a {@link CudaGpu}, on which the workspace is allocated
   * @throws IllegalStateException if this machine does not have the library, or it fails
   * @throws DeviceMemoryException if there is no room for the workspace of 32 MiB
   */
  public static CublasLt open(Gpu gpu) {
    NvidiaLibrary.CUBLAS.load();
    DeviceBuffer workspace = gpu.allocate("workspace of cuBLASLt", WORKSPACE_BYTES);
    CublasLt library = new CublasLt(workspace);
    try {
      check(cublasLtCreate(library.context), "cublasLtCreate");
      return library;
    } catch (RuntimeException e) {
      workspace.close();
      throw e;
    }
  }

  /**
   * Returns the library's version, as in "13.3.0".
   *
   * @throws IllegalStateException if this machine does not have it
   */
  public static String version() {
    NvidiaLibrary.CUBLAS.load();
    long number = cublasLtGetVersion();
    return number / 10_000 + "." + number / 100 % 100 + "." + number % 100;
  }

  /**
   * Returns version and file of the library.
   *
   * @throws IllegalStateException if this machine does not have it
   */
  public static String description() {
    return "cuBLASLt " + version() + " in " + NvidiaLibrary.CUBLAS.location().orElseThrow();
  }

  /**
   * Describes a product to the library.
   *
   * @return the product; the caller closes it
   */
  public Product product(GemmShape shape) {
    requireOpen();
    return new Product(shape);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("cuBLASLt: used after close");
    }
  }

  /** A product of one shape. */
  public final class Product implements AutoCloseable {
    private final GemmShape shape;
    private final List<Runnable> releases = new ArrayList<>();
    private cublasLtMatmulDescOpaque_t operation;
    private cublasLtMatrixLayoutOpaque_t weights;
    private cublasLtMatrixLayoutOpaque_t input;
    private cublasLtMatrixLayoutOpaque_t output;

    private Product(GemmShape shape) {
      this.shape = shape;
      try {
        operation = operation();
        if (shape.output() == Output.ADD_WITH_BIAS) {
          set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
          set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
        }
        weights = layout(CUDA_R_16BF, shape.columns(), shape.inner(), shape.columns());
        input = layout(CUDA_R_16BF, shape.inner(), shape.rows(), shape.aStride());
        int type = shape.output() == Output.STORE ? CUDA_R_16BF : CUDA_R_32F;
        output = layout(type, shape.columns(), shape.rows(), shape.outStride());
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    private cublasLtMatmulDescOpaque_t operation() {
      try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
        check(
            cublasLtMatmulDescCreate(made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
            "cublasLtMatmulDescCreate");
        var created = new cublasLtMatmulDescOpaque_t(made.get(0));
        releases.add(() -> check(cublasLtMatmulDescDestroy(created), "cublasLtMatmulDescDestroy"));
        return created;
      }
    }

    private cublasLtMatrixLayoutOpaque_t layout(int type, long rows, long columns, long stride) {
      try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
        check(
            cublasLtMatrixLayoutCreate(made, type, rows, columns, stride),
            "cublasLtMatrixLayoutCreate");
        var created = new cublasLtMatrixLayoutOpaque_t(made.get(0));
        releases.add(
            () -> check(cublasLtMatrixLayoutDestroy(created), "cublasLtMatrixLayoutDestroy"));
        return created;
      }
    }

    private void set(int attribute, int value) {
      try (IntPointer pointer = new IntPointer(1)) {
        pointer.put(value);
        check(
            cublasLtMatmulDescSetAttribute(operation, attribute, pointer, Integer.BYTES),
            "cublasLtMatmulDescSetAttribute " + attribute);
      }
    }

    /** Returns its shape. */
    public GemmShape shape() {
      return shape;
    }

    /**
     * Returns the algorithms that the library recommends, the best by its own estimate first; empty
     * if it does not support the product.
     */
    public List<Algorithm> candidates(int most) {
      requireOpen();
      try (PointerPointer<Pointer> made = new PointerPointer<>(1);
          LongPointer bytes = new LongPointer(1)) {
        check(cublasLtMatmulPreferenceCreate(made), "cublasLtMatmulPreferenceCreate");
        var preference = new cublasLtMatmulPreferenceOpaque_t(made.get(0));
        try {
          bytes.put(workspace.size());
          check(
              cublasLtMatmulPreferenceSetAttribute(
                  preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes, Long.BYTES),
              "cublasLtMatmulPreferenceSetAttribute");
          return candidates(preference, most);
        } finally {
          check(cublasLtMatmulPreferenceDestroy(preference), "cublasLtMatmulPreferenceDestroy");
        }
      }
    }

    private List<Algorithm> candidates(cublasLtMatmulPreferenceOpaque_t preference, int most) {
      int[] found = new int[1];
      try (var results = new cublasLtMatmulHeuristicResult_t(most)) {
        int code =
            cublasLtMatmulAlgoGetHeuristic(
                context,
                operation,
                weights,
                input,
                output,
                output,
                preference,
                most,
                results,
                found);
        if (code == NOT_SUPPORTED) {
          return List.of();
        }
        check(code, "cublasLtMatmulAlgoGetHeuristic");
        List<Algorithm> algorithms = new ArrayList<>();
        for (int i = 0; i < found[0]; i++) {
          cublasLtMatmulHeuristicResult_t result = results.getPointer(i);
          if (result.state() == SUCCESS) {
            algorithms.add(Algorithm.of(result.algo()));
          }
        }
        return algorithms;
      }
    }

    /** Returns whether the library supports the product with an algorithm from a cache. */
    public boolean accepts(Algorithm algorithm) {
      requireOpen();
      try (cublasLtMatmulAlgo_t known = algorithm.toNative();
          var result = new cublasLtMatmulHeuristicResult_t()) {
        int code =
            cublasLtMatmulAlgoCheck(
                context, operation, weights, input, output, output, known, result);
        return code == SUCCESS && result.workspaceSize() <= workspace.size();
      }
    }

    /**
     * Queues the product.
     *
     * @param a device address of the first element of a
     * @param w {@code [inner, columns]}
     * @param bias {@code [columns]} in float32, for {@link Output#ADD_WITH_BIAS} only
     * @param out device address of the first element of out
     * @throws IllegalStateException if the library refuses
     */
    public void enqueue(
        GpuStream stream,
        Algorithm algorithm,
        long a,
        DeviceBuffer w,
        Optional<DeviceBuffer> bias,
        long out) {
      requireOpen();
      bias.ifPresent(this::setBias);
      try (cublasLtMatmulAlgo_t chosen = algorithm.toNative()) {
        check(
            cublasLtMatmul(
                context,
                operation,
                one,
                new Address(w.address(0, 2L * shape.inner() * shape.columns())),
                weights,
                new Address(a),
                input,
                shape.output() == Output.STORE ? zero : one,
                new Address(out),
                output,
                new Address(out),
                output,
                chosen,
                new Address(workspace.address()),
                workspace.size(),
                new CUstream_st(new Address(stream.address()))),
            "cublasLtMatmul of " + shape);
      }
    }

    private void setBias(DeviceBuffer bias) {
      try (LongPointer pointer = new LongPointer(1)) {
        pointer.put(bias.address(0, (long) Float.BYTES * shape.columns()));
        check(
            cublasLtMatmulDescSetAttribute(
                operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, pointer, Long.BYTES),
            "cublasLtMatmulDescSetAttribute of the bias");
      }
    }

    /** Releases the description; a second call does nothing. */
    @Override
    public void close() {
      RuntimeException failure = null;
      for (Runnable release : releases) {
        try {
          release.run();
        } catch (RuntimeException e) {
          failure = failure == null ? e : failure;
        }
      }
      releases.clear();
      if (failure != null) {
        throw failure;
      }
    }
  }

  private static void check(int code, String call) {
    if (code != SUCCESS) {
      throw new IllegalStateException(
          "%s: cuBLASLt error %d (%s)"
              .formatted(call, code, cublasLtGetStatusString(code).getString()));
    }
  }

  /** Closes the library; every product has been closed before. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        check(cublasLtDestroy(context), "cublasLtDestroy");
      } finally {
        workspace.close();
      }
    }
  }
}

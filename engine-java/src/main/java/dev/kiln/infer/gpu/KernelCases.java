package dev.kiln.infer.gpu;

import dev.kiln.cuda.AttentionShape;
import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceCode;
import dev.kiln.cuda.GemmShape;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.gpu.Gemm.Linear;
import dev.kiln.infer.gpu.Gemm.Rows;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.commons.numbers.gamma.Erf;

/**
 * The kernels and library functions of the forward pass, each alone, at the shapes of a model. Each
 * is compared with float64 at a sample of its results, and can be timed.
 */
public final class KernelCases implements AutoCloseable {
  /** Of results in bfloat16: rounding of stored values and of weights of attention. */
  private static final double ROUNDED = 1e-2;

  /** Of results in float32: the order of summation. */
  private static final double EXACT = 1e-4;

  /** Of cuDNN, which compiles each. */
  private static final int PLANS = 2;

  private static final int NORM_ROWS = 8;
  private static final int NORM_THREADS = 256;
  private static final double EPSILON = 1e-5;
  private static final float LN_2 = (float) Math.log(2);

  /** Rows of a result, and numbers of a row, that are compared. */
  private static final int SAMPLES = 16;

  private final Gpu gpu;
  private final Architecture model;
  private final int tokens;
  private final int chips;
  private final int rows;
  private final GpuStream stream;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<Case> cases = new ArrayList<>();
  private final DeviceBuffer input; // bfloat16
  private final DeviceBuffer wide; // float32, input of LayerNorm
  private final DeviceBuffer weight; // bfloat16
  private final DeviceBuffer vector; // float32, biases and weights of LayerNorm
  private final DeviceBuffer output;

  /** A kernel or function of a library, at one shape. */
  public interface Case {
    /** Returns what computes what. */
    String name();

    /** Returns its multiplications and additions; 0 if memory limits it. */
    double flops();

    /** Returns the bytes that it reads and writes at least. */
    double bytes();

    /** Returns the largest relative L2 distance that is correct. */
    double tolerance();

    /** Queues it once. */
    void enqueue(GpuStream stream);

    /** Runs it once, and returns the relative L2 distance of a sample of its results. */
    double error();
  }

  /** Computes one number of a result in float64. */
  private interface Reference {
    double at(int row, int column);
  }

  /** A case whose result is a matrix of {@code rows} rows, {@code stride} numbers apart. */
  private record Matrix(
      KernelCases owner,
      String name,
      double flops,
      double bytes,
      DataType type,
      int rows,
      int columns,
      Consumer<GpuStream> work,
      Reference reference)
      implements Case {
    @Override
    public double tolerance() {
      return type == DataType.FP32 ? EXACT : ROUNDED;
    }

    @Override
    public void enqueue(GpuStream stream) {
      work.accept(stream);
    }

    @Override
    public double error() {
      return owner.error(this);
    }
  }

  /**
   * Prepares all that this machine can run.
   *
   * @param gpu borrowed
   * @param model the sizes; its heads are of a size that the kernels support
   * @param tokens per chip, class token included
   * @param chips of a batch
   */
  public KernelCases(Gpu gpu, Architecture model, int tokens, int chips) {
    this.gpu = gpu;
    this.model = model;
    this.tokens = tokens;
    this.chips = chips;
    this.rows = tokens * chips;
    try {
      this.stream = own(gpu.newStream("kernels"));
      int widest = Math.max(3 * model.inner(), model.mlpDim());
      int deepest = Math.max(model.dim(), widest);
      this.input = own(gpu.allocate("input", (long) rows * widest * Short.BYTES));
      this.wide = own(gpu.allocate("input", (long) rows * model.dim() * Float.BYTES));
      this.weight = own(gpu.allocate("weights", (long) model.dim() * widest * Short.BYTES));
      this.vector = own(gpu.allocate("biases", (long) deepest * Float.BYTES));
      this.output =
          own(gpu.allocate("output", Math.max((long) rows * widest * Short.BYTES, wide.size())));
      Noise.fill(gpu, stream, input);
      Noise.fill(gpu, stream, weight);
      Noise.fill(gpu, stream, wide, DataType.FP32);
      Noise.fill(gpu, stream, vector, DataType.FP32);
      GpuModule module = own(gpu.compile(DeviceCode.ENCODER));
      addProducts(module);
      addAttention(module);
      addNorm(module);
      addGelu(module);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Returns the cases. */
  public List<Case> cases() {
    return List.copyOf(cases);
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  // ---- Products --------------------------------------------------------------------------------

  private void addProducts(GpuModule module) {
    KernelGemm kernels = own(new KernelGemm(module));
    addProducts(kernels, "kernels");
    gpu.matrixLibrary()
        .ifPresent(
            library -> {
              CublasLtGemm fast = own(new CublasLtGemm(gpu, library, module, kernels));
              fast.measure(true);
              addProducts(fast, "cuBLASLt");
            });
  }

  private void addProducts(Gemm gemm, String by) {
    int dim = model.dim();
    addProduct(gemm, by, "qkv", dim, 3 * model.inner(), false, false);
    addProduct(gemm, by, "out", model.inner(), dim, true, false);
    addProduct(gemm, by, "up", dim, model.mlpDim(), false, true);
    addProduct(gemm, by, "down", model.mlpDim(), dim, true, false);
  }

  private void addProduct(
      Gemm gemm, String by, String layer, int inner, int columns, boolean add, boolean gelu) {
    Linear linear = new Linear(weight, Optional.of(vector), inner, columns);
    Rows from = new Rows(input.address(), inner);
    Rows to = new Rows(output.address(), columns);
    addProduct(
        layer + " by " + by,
        inner,
        columns,
        add ? DataType.FP32 : DataType.BF16,
        on -> {
          if (add) {
            gemm.add(on, linear, rows, from, to);
          } else if (gelu) {
            gemm.gelu(on, linear, rows, from, to);
          } else {
            gemm.store(on, linear, rows, from, to);
          }
        },
        add || gelu,
        gelu);
  }

  private void addProduct(
      String name,
      int inner,
      int columns,
      DataType type,
      Consumer<GpuStream> work,
      boolean biased,
      boolean gelu) {
    double moved =
        ((double) rows * inner + (double) inner * columns) * Short.BYTES
            + (double) rows * columns * type.bytes() * (type == DataType.FP32 ? 2 : 1);
    cases.add(
        new Matrix(
            this,
            "product " + name,
            2.0 * rows * inner * columns,
            moved,
            type,
            rows,
            columns,
            work,
            (row, column) -> {
              double sum = biased ? Noise.at(column) : 0;
              for (int k = 0; k < inner; k++) {
                sum += Noise.at((long) row * inner + k) * Noise.at((long) k * columns + column);
              }
              return gelu ? gelu(sum) : sum;
            }));
  }

  /** The product with GELU of all plans that cuDNN offers. */
  private void addFusedGelu(Cudnn library) {
    int dim = model.dim();
    int columns = model.mlpDim();
    GemmShape shape = new GemmShape(rows, columns, dim, dim, columns, GemmShape.Output.STORE);
    library
        .geluProduct(shape, PLANS)
        .ifPresent(
            product -> {
              own(product);
              for (int plan = 0; plan < product.plans(); plan++) {
                int number = plan;
                addProduct(
                    "up by cuDNN, plan " + (plan + 1),
                    dim,
                    columns,
                    DataType.BF16,
                    on ->
                        product.enqueue(
                            on, number, input.address(), weight, vector, output.address()),
                    true,
                    true);
              }
            });
  }

  private static double gelu(double x) {
    return 0.5 * x * (1 + Erf.value(x / Math.sqrt(2)));
  }

  // ---- Attention -------------------------------------------------------------------------------

  private void addAttention(GpuModule module) {
    int heads = model.heads();
    int head = model.dimHead();
    GpuKernel kernel = module.kernel("kiln_attention_" + head);
    addAttention(
        "kernel",
        on ->
            on.launch(
                kernel,
                EncoderAttention.shape(tokens, heads, head, chips),
                new KernelArguments()
                    .pointer(input)
                    .pointer(output)
                    .int32(tokens)
                    .int32(tokens)
                    .int32(heads)));
    if (WarpgroupAttention.supports(gpu, model, tokens) && AttentionTrial.succeeded(gpu, tokens)) {
      WarpgroupAttention fast = own(new WarpgroupAttention(gpu));
      addAttention("kernel for sm_90", on -> fast.enqueue(on, input, output, tokens, heads, chips));
    }
    Optional<Cudnn> library = gpu.fusionLibrary();
    if (library.isPresent()) {
      Cudnn opened = own(library.get());
      opened
          .attention(new AttentionShape(chips, tokens, heads, head, LN_2), input, output)
          .ifPresent(
              attention -> {
                own(attention);
                addAttention("cuDNN", attention::enqueue);
              });
      addFusedGelu(opened);
    }
  }

  private void addAttention(String by, Consumer<GpuStream> work) {
    AttentionShape shape = new AttentionShape(chips, tokens, model.heads(), model.dimHead(), LN_2);
    cases.add(
        new Matrix(
            this,
            "attention by " + by,
            shape.flops(),
            shape.inputBytes() + (double) shape.outputBytes(),
            DataType.BF16,
            rows,
            model.inner(),
            work,
            this::attended));
  }

  /** Number {@code column} of the attention of a token. */
  private double attended(int row, int column) {
    int inner = model.inner();
    int head = model.dimHead();
    int from = column / head * head;
    long chip = (long) row / tokens * tokens;
    double[] scores = new double[tokens];
    double highest = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < tokens; key++) {
      for (int d = from; d < from + head; d++) {
        scores[key] +=
            Noise.at(3L * inner * row + d) * Noise.at(3L * inner * (chip + key) + inner + d);
      }
      highest = Math.max(highest, scores[key]);
    }
    double total = 0;
    double sum = 0;
    for (int key = 0; key < tokens; key++) {
      double share = Math.pow(2, scores[key] - highest);
      total += share;
      sum += share * Noise.at(3L * inner * (chip + key) + 2L * inner + column);
    }
    return sum / total;
  }

  // ---- LayerNorm -------------------------------------------------------------------------------

  private void addNorm(GpuModule module) {
    int dim = model.dim();
    GpuKernel kernel = module.kernel("kiln_norm");
    cases.add(
        new Matrix(
            this,
            "LayerNorm",
            0,
            (double) rows * dim * (Float.BYTES + Short.BYTES),
            DataType.BF16,
            rows,
            dim,
            on ->
                on.launch(
                    kernel,
                    LaunchShape.of((rows + NORM_ROWS - 1) / NORM_ROWS, NORM_THREADS),
                    new KernelArguments()
                        .pointer(wide)
                        .int64(dim)
                        .pointer(vector)
                        .pointer(vector)
                        .pointer(output)
                        .int32(rows)
                        .int32(dim)),
            (row, column) -> {
              double mean = 0;
              double squares = 0;
              for (int i = 0; i < dim; i++) {
                mean += Noise.at((long) row * dim + i) / dim;
              }
              for (int i = 0; i < dim; i++) {
                squares += Math.pow(Noise.at((long) row * dim + i) - mean, 2) / dim;
              }
              double normal =
                  (Noise.at((long) row * dim + column) - mean) / Math.sqrt(squares + EPSILON);
              return (normal + 1) * Noise.at(column);
            }));
  }

  // ---- GELU ------------------------------------------------------------------------------------

  /** The pass after products of cuBLASLt, in place. */
  private void addGelu(GpuModule module) {
    int columns = model.mlpDim();
    GpuKernel kernel = module.kernel("kiln_gelu");
    Linear linear = new Linear(weight, Optional.of(vector), model.dim(), columns);
    Rows to = new Rows(output.address(), columns);
    cases.add(
        new Matrix(
            this,
            "GELU",
            0,
            2.0 * rows * columns * Short.BYTES,
            DataType.BF16,
            rows,
            columns,
            on -> CublasLtGemm.geluPass(on, kernel, linear, rows, to),
            // The comparison starts with zeros.
            (row, column) -> gelu(Noise.at(column))));
  }

  // ---- Comparison ------------------------------------------------------------------------------

  private double error(Matrix matrix) {
    int width = matrix.type().bytes();
    int rowBytes = matrix.columns() * width;
    int count = Math.min(SAMPLES, matrix.rows());
    try (HostBuffer found = gpu.pinned("results", (long) count * rowBytes)) {
      // The first run may measure algorithms, whose results are undefined.
      matrix.enqueue(stream);
      stream.zero(output, 0, output.size());
      matrix.enqueue(stream);
      for (int i = 0; i < count; i++) {
        long from = (long) sampled(i, count, matrix.rows()) * rowBytes;
        stream.copyOut(output, from, found, (long) i * rowBytes, rowBytes);
      }
      stream.synchronize();
      ByteBuffer bytes = found.slice(0, count * rowBytes);
      int across = Math.min(SAMPLES, matrix.columns());
      double difference = 0;
      double norm = 0;
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < across; j++) {
          int column = sampled(j, across, matrix.columns());
          int at = i * rowBytes + column * width;
          double value =
              matrix.type() == DataType.FP32
                  ? bytes.getFloat(at)
                  : DataType.BF16.toFloat(bytes.getShort(at));
          double expected = matrix.reference().at(sampled(i, count, matrix.rows()), column);
          difference += Math.pow(value - expected, 2);
          norm += expected * expected;
        }
      }
      return Math.sqrt(difference / norm);
    }
  }

  /** Returns the i-th of {@code count} indexes, the first and the last included. */
  private static int sampled(int i, int count, int of) {
    return count == 1 ? 0 : (int) ((long) i * (of - 1) / (count - 1));
  }

  /** Frees everything; a second call does nothing. */
  @Override
  public void close() {
    Closer closing = new Closer();
    for (int i = owned.size() - 1; i >= 0; i--) {
      closing.close(owned.get(i));
    }
    owned.clear();
    closing.done();
  }
}

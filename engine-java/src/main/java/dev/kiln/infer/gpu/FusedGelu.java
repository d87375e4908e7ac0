package dev.kiln.infer.gpu;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.Cudnn;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.GeluProduct;
import dev.kiln.cuda.GemmShape;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.GpuTimer;
import dev.kiln.infer.gpu.Gemm.Linear;
import dev.kiln.infer.gpu.Gemm.Rows;
import dev.kiln.memory.HostBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Products with bias and GELU by one kernel of cuDNN. Used for shapes for which they agree with a
 * product followed by a pass, and are faster: the pass reads and writes the widest matrix of the
 * encoder once more.
 */
final class FusedGelu implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(FusedGelu.class);

  /** Relative L2; both round to bfloat16, the pass twice. */
  private static final double TOLERANCE = 1e-2;

  /** The library compiles each plan at each start, which takes seconds. */
  private static final int PLANS = 2;

  private static final double LEAST_FLOPS = 1e10;
  private static final int TIMED_RUNS = 3;
  private static final long COMPARED_BYTES = 4 << 20;

  private final Gpu gpu;
  private final Map<GemmShape, Choice> chosen = new HashMap<>();
  private Optional<Cudnn> library = Optional.empty();

  private record Choice(GeluProduct product, int plan) {}

  /**
   * Uses nothing until {@link #choose}.
   *
   * @param gpu on which the library is opened, unless {@code -Dkiln.gelu=pass}
   */
  FusedGelu(Gpu gpu) {
    this.gpu = gpu;
  }

  /** Returns the library, for the log; empty if it is not used. */
  Optional<String> name() {
    return chosen.isEmpty() ? Optional.empty() : Optional.of(Cudnn.description());
  }

  /** Returns the bytes of device memory that it uses. */
  long workspaceBytes() {
    return chosen.values().stream().mapToLong(choice -> choice.product().workspaceBytes()).sum();
  }

  /** Queues the product; returns false without doing anything unless it was chosen. */
  boolean enqueue(GpuStream stream, GemmShape shape, Linear linear, Rows from, Rows to) {
    Choice choice = chosen.get(shape);
    if (choice == null) {
      return false;
    }
    DeviceBuffer bias = linear.bias().orElseThrow();
    choice
        .product()
        .enqueue(stream, choice.plan(), from.address(), linear.weight(), bias, to.address());
    return true;
  }

  /**
   * Compares with a product and a pass, and keeps the faster. The output is undefined afterwards. A
   * failure leaves the work to these.
   *
   * @param to receives the result, from its first byte on
   * @param separate queues the product and the pass
   */
  void choose(
      GpuStream stream,
      GemmShape shape,
      Linear linear,
      Rows from,
      DeviceBuffer to,
      Runnable separate) {
    String wanted = System.getProperty("kiln.gelu", "");
    boolean small = shape.flops() < LEAST_FLOPS && !wanted.equals("fused");
    if (wanted.equals("pass") || small || chosen.containsKey(shape)) {
      return;
    }
    try {
      if (library.isEmpty()) {
        library = gpu.fusionLibrary();
      }
      Optional<GeluProduct> product = library.flatMap(opened -> opened.geluProduct(shape, PLANS));
      if (product.isPresent()) {
        compare(stream, shape, product.get(), linear, from, to, separate);
      } else if (library.isPresent()) {
        log.info("gelu=pass reason=\"{} does not support {}\"", Cudnn.description(), shape);
      }
    } catch (IllegalStateException | CudaException e) {
      log.warn("gelu=pass reason=\"cuDNN fails\" cause=\"{}\"", e.getMessage());
    }
  }

  private void compare(
      GpuStream stream,
      GemmShape shape,
      GeluProduct product,
      Linear linear,
      Rows from,
      DeviceBuffer to,
      Runnable separate) {
    int bytes = (int) Math.min(COMPARED_BYTES, (long) shape.rows() * shape.columns() * Short.BYTES);
    boolean used = false;
    try (HostBuffer expected = gpu.pinned("product and pass", bytes);
        HostBuffer found = gpu.pinned("fused product", bytes);
        GpuTimer timer = new GpuTimer(gpu, stream)) {
      KernelResult.read(stream, separate, to, expected, bytes);
      double pass = timer.seconds(TIMED_RUNS, separate);
      double best = pass;
      StringBuilder times = new StringBuilder();
      for (int plan = 0; plan < product.plans(); plan++) {
        int number = plan;
        Runnable fused =
            () ->
                product.enqueue(
                    stream,
                    number,
                    from.address(),
                    linear.weight(),
                    linear.bias().orElseThrow(),
                    to.address());
        KernelResult.read(stream, fused, to, found, bytes);
        double error = KernelResult.distance(found, expected, bytes);
        if (!(error <= TOLERANCE)) {
          log.warn(
              String.format(
                  Locale.ROOT,
                  "gelu=pass reason=\"plan %d of cuDNN differs from the pass\" relative_error=%.2g"
                      + " limit=%.2g",
                  plan + 1,
                  error,
                  TOLERANCE));
          continue;
        }
        double time = timer.seconds(TIMED_RUNS, fused);
        times.append(String.format(Locale.ROOT, " cudnn_%d_ms=%.3f", plan + 1, time * 1e3));
        if (time < best) {
          best = time;
          chosen.put(shape, new Choice(product, plan));
          used = true;
        }
      }
      log.info(
          String.format(
              Locale.ROOT,
              "gelu rows=%d columns=%d inner=%d pass_ms=%.3f%s used=%s",
              shape.rows(),
              shape.columns(),
              shape.inner(),
              pass * 1e3,
              times,
              used ? "cudnn" : "pass"));
    } catch (RuntimeException | Error e) {
      chosen.remove(shape);
      used = false;
      throw e;
    } finally {
      if (!used) {
        product.close();
      }
    }
  }

  /** Frees products and library; the pass can be used on. A second call does nothing. */
  @Override
  public void close() {
    Closer closing = new Closer();
    chosen.values().forEach(choice -> closing.close(choice.product()));
    chosen.clear();
    library.ifPresent(closing::close);
    library = Optional.empty();
    closing.done();
  }
}

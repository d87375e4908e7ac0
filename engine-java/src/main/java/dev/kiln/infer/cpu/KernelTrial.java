package dev.kiln.infer.cpu;

import dev.kiln.infer.cpu.MatrixProducts.Shape;
import dev.kiln.infer.cpu.OneDnn.Step;
import dev.kiln.infer.cpu.TrialProducts.Trial;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Short runs of Kiln's kernels and of oneDNN's in turn, on noise in the shapes of a model. They
 * compare results and times; each is one line of the log. All memory is freed when a run ends.
 */
final class KernelTrial {
  private static final Logger log = LoggerFactory.getLogger(KernelTrial.class);

  /**
   * Multiply-adds of an operation below which its time says little: Kiln's kernel is used if it is
   * correct, the same in every run.
   */
  private static final double SMALL = 3e8;

  private static final int ROUNDS = 4;

  private final OneDnn dnn;
  private final OwnKernels own;

  /**
   * @param dnn provides threads
   * @param own Kiln's kernels
   */
  KernelTrial(OneDnn dnn, OwnKernels own) {
    this.dnn = dnn;
    this.own = own;
  }

  /**
   * Result of a trial.
   *
   * @param own least milliseconds of Kiln's kernel
   * @param oneDnn least milliseconds of oneDNN's
   * @param error relative L2 difference of their results
   */
  record Result(double own, double oneDnn, double error) {
    /**
     * Returns whether Kiln's kernel is correct and fast enough; false for NaN.
     *
     * @param tolerance largest error
     * @param margin largest multiple of oneDNN's time
     */
    boolean ownWins(double tolerance, double margin) {
      return error <= tolerance && own < margin * oneDnn;
    }
  }

  /**
   * Returns the kernels of an encoder, by the context of each of its passes. Products are tried by
   * the first pass, which is built on the calling thread. A trial takes a second or two.
   *
   * @param weights of the encoder
   */
  Function<OneDnn, PassKernels> choose(ExportedEncoder exported, OneDnnTensors weights) {
    boolean fuse = ownAttentionWins(exported.architecture(), exported.tokens());
    Trial once = TrialProducts.once(this::ownProductWins);
    return context ->
        new PassKernels(
            new TrialProducts(
                own.products().apply(weights),
                new OneDnnProducts(context, weights, own.type()),
                once),
            fuse ? Optional.of(own.attention()) : Optional.empty(),
            Optional.empty());
  }

  /** Returns whether Kiln's attention of all tokens is correct and fast enough. */
  boolean ownAttentionWins(Architecture model, long tokens) {
    return wins("attention", 2.0 * tokens * tokens * model.inner(), () -> attention(model, tokens));
  }

  /** Returns whether Kiln's product is correct and fast enough. */
  boolean ownProductWins(String name, Shape shape, boolean bias, Epilogue epilogue) {
    return wins(
        name,
        (double) shape.rows() * shape.inner() * shape.columns(),
        () -> product(name, shape, bias, epilogue));
  }

  private interface Run {
    Result measure();
  }

  /** An exception is logged and means no. */
  private boolean wins(String operation, double multiplyAdds, Run run) {
    Result result;
    try {
      result = run.measure();
    } catch (RuntimeException e) {
      log.warn("operation=\"{}\" kernel=onednn reason=\"the trial failed: {}\"", operation, e);
      return false;
    }
    double margin = multiplyAdds < SMALL ? Double.POSITIVE_INFINITY : own.margin();
    boolean wins = result.ownWins(own.tolerance(), margin);
    log.info(
        String.format(
            Locale.ROOT,
            "operation=\"%s\" kernel=%s instructions=%s kiln_ms=%.2f onednn_ms=%.2f"
                + " difference=%.1e max_difference=%.0e",
            operation,
            wins ? "kiln" : "onednn",
            own.instructions(),
            result.own(),
            result.oneDnn(),
            result.error(),
            own.tolerance()));
    return wins;
  }

  Result attention(Architecture model, long tokens) {
    try (OneDnn once = dnn.newContext()) {
      long values = tokens * model.inner();
      DataType type = own.type();
      Pointer rows = NoiseTensors.allocate(once, type, 3 * values, 0.7);
      Pointer found = once.allocate("trial of attention", values * type.bytes());
      Pointer expected = once.allocate("trial of attention", values * type.bytes());
      List<? extends Step> fused =
          new OneDnnAttention(once, model, type, tokens, Optional.of(own.attention()))
              .ofAll(rows, found);
      List<? extends Step> separate =
          new OneDnnAttention(once, model, type, tokens, Optional.empty()).ofAll(rows, expected);
      once.allocateScratchpad();
      return compare(
          () -> fused.forEach(Step::run),
          () -> separate.forEach(Step::run),
          () -> difference(found, expected, type, values));
    }
  }

  Result product(String name, Shape shape, boolean bias, Epilogue epilogue) {
    try (OneDnn once = dnn.newContext();
        NoiseTensors noise = new NoiseTensors(once, shape)) {
      DataType type = shape.output();
      long outputs = (shape.rows() - 1) * shape.outStride() + shape.columns();
      Pointer in = NoiseTensors.allocate(once, own.type(), shape.rows() * shape.inner(), 1);
      Pointer found = once.allocate("trial of " + name, outputs * type.bytes());
      Pointer expected = once.allocate("trial of " + name, outputs * type.bytes());
      MatrixProducts oneDnn = new OneDnnProducts(once, noise, own.type());
      Step ownStep = bind(own.products().apply(noise), name, shape, bias, epilogue, in, found);
      Step oneDnnStep = bind(oneDnn, name, shape, bias, epilogue, in, expected);
      once.allocateScratchpad();
      return compare(
          ownStep::run, oneDnnStep::run, () -> difference(found, expected, type, outputs));
    }
  }

  private static Step bind(
      MatrixProducts products,
      String name,
      Shape shape,
      boolean bias,
      Epilogue epilogue,
      Pointer in,
      Pointer out) {
    return products
        .product(name, shape, bias, epilogue)
        .bind(NoiseTensors.WEIGHT, bias ? NoiseTensors.BIAS : null, in, out);
  }

  interface Difference {
    double measure();
  }

  /** Runs both once, compares their results, then measures them in turn. */
  static Result compare(Runnable own, Runnable oneDnn, Difference difference) {
    own.run();
    oneDnn.run();
    double error = difference.measure();
    double least = Double.POSITIVE_INFINITY;
    double leastOther = Double.POSITIVE_INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
      least = Math.min(least, milliseconds(own));
      leastOther = Math.min(leastOther, milliseconds(oneDnn));
    }
    return new Result(least, leastOther, error);
  }

  private static double milliseconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static double difference(Pointer found, Pointer expected, DataType type, long count) {
    return difference(
        NoiseTensors.bytes(found, type, count), NoiseTensors.bytes(expected, type, count), type);
  }

  /** Returns the relative L2 difference. */
  static double difference(ByteBuffer a, ByteBuffer b, DataType type) {
    double difference = 0;
    double length = 0;
    while (a.hasRemaining()) {
      double x = next(a, type);
      double y = next(b, type);
      difference += (x - y) * (x - y);
      length += y * y;
    }
    return Math.sqrt(difference / length);
  }

  private static double next(ByteBuffer values, DataType type) {
    return type == DataType.FP32
        ? values.getFloat()
        : Float.intBitsToFloat(values.getShort() << 16);
  }
}

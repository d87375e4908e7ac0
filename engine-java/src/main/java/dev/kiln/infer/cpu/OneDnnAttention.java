package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;
import static dev.kiln.infer.cpu.OneDnn.Argument.weights;

import dev.kiln.attention.FusedAttention;
import dev.kiln.infer.cpu.OneDnn.Operation;
import dev.kiln.infer.cpu.OneDnn.Primitive;
import dev.kiln.infer.cpu.OneDnn.Step;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Attention over the tokens of a chip: one step in Kiln's own native code, which never stores the
 * scores, or oneDNN operations: scores, softmax and weighted sum, a few heads at a time, so that
 * scores stay in the cache between operations. The exported weights include the scale of the
 * scores.
 *
 * <p>The query, key and value of a token are consecutive in one row; T tokens, I = heads · head
 * size.
 */
final class OneDnnAttention {
  /** Size of scores that stay in the cache. Fewer queries at a time measured no faster. */
  private static final long SCORE_BYTES = 8L << 20;

  private final OneDnn dnn;
  private final Architecture model;
  private final DataType type;
  private final long tokens;
  private final Optional<FusedKernel> fused;
  private final int headsAtOnce;
  private final Pointer scores; // float32 [headsAtOnce, T, T]
  private final Pointer shares; // type, same shape; in float32 the same memory

  /**
   * @param type of queries, keys, values and output
   * @param fused kernel of that type; empty for oneDNN's operations
   */
  OneDnnAttention(
      OneDnn dnn, Architecture model, DataType type, long tokens, Optional<FusedKernel> fused) {
    this.dnn = dnn;
    this.fused = fused;
    this.model = model;
    this.type = type;
    this.tokens = tokens;
    long oneHead = tokens * tokens * Float.BYTES;
    int fit = (int) Math.max(1, Math.min(model.heads(), SCORE_BYTES / oneHead));
    while (model.heads() % fit != 0) {
      fit--;
    }
    this.headsAtOnce = fit;
    // The last block processes one query of every head at once.
    long ofAll = fused.isPresent() ? 0 : headsAtOnce * tokens * tokens;
    long ofOne = fusesOne() ? 0 : model.heads() * tokens;
    long count = Math.max(1, Math.max(ofAll, ofOne));
    this.scores = dnn.allocate("attention scores", count * Float.BYTES);
    this.shares = type == DataType.FP32 ? scores : dnn.allocate("attention", count * type.bytes());
  }

  /**
   * Creates attention with a query of every token.
   *
   * @param from {@code [T, 3I]}: query, key, value
   * @param to {@code [T, I]}
   */
  List<? extends Step> ofAll(Pointer from, Pointer to) {
    long inner = model.inner();
    if (fused.isPresent()) {
      long query = from.address();
      long key = query + inner * type.bytes();
      return List.of(fusedStep(tokens, query, 3 * inner, key, 3 * inner, to));
    }
    return operations(tokens, headsAtOnce, from, 0, 3 * inner, inner, to);
  }

  /** In float32 oneDNN's operations for one query are faster than packing all keys. */
  private boolean fusesOne() {
    return fused.isPresent() && type == DataType.BF16;
  }

  /** The values follow the keys in a row. */
  private Step fusedStep(
      long queries, long query, long queryStride, long key, long keyStride, Pointer to) {
    FusedKernel kernel = fused.orElseThrow();
    int inner = model.inner();
    int count = Math.toIntExact(tokens);
    FusedAttention.Shape shape =
        new FusedAttention.Shape(
            Math.toIntExact(queries),
            count,
            model.heads(),
            model.dimHead(),
            queryStride,
            keyStride,
            inner);
    long value = key + (long) inner * type.bytes();
    long out = to.address();
    String shapes =
        "%dx%dx%d:%1$dx%4$dx%3$d".formatted(model.heads(), queries, model.dimHead(), count);
    return () -> {
      long start = StepTrace.start();
      kernel.compute().run(shape, query, key, value, out, dnn.threads());
      StepTrace.end("attention", kernel.name(), type, shapes, start);
    };
  }

  /**
   * Creates attention with the query of token 0 alone.
   *
   * @param from {@code [T, 2I]}: key, value
   * @param queryAt byte offset of the query {@code [I]} in {@code from}
   * @param to {@code [I]}
   */
  List<? extends Step> ofOne(Pointer from, long queryAt, Pointer to) {
    long inner = model.inner();
    if (fusesOne()) {
      return List.of(fusedStep(1, from.address() + queryAt, inner, from.address(), 2 * inner, to));
    }
    return operations(1, model.heads(), from, queryAt, 2 * inner, 0, to);
  }

  /**
   * Creates the operations of all heads.
   *
   * @param together heads per operation
   * @param stride elements from one token's row to the next
   * @param keyColumn index of the key in a row; the value follows it
   */
  private List<Operation> operations(
      long queries,
      int together,
      Pointer from,
      long queryAt,
      long stride,
      long keyColumn,
      Pointer to) {
    long head = model.dimHead();
    long inner = model.inner();
    dnnl_memory_desc query =
        dnn.strided(type, new long[] {together, queries, head}, new long[] {head, stride, 1});
    dnnl_memory_desc key =
        dnn.strided(type, new long[] {together, head, tokens}, new long[] {head, 1, stride});
    dnnl_memory_desc value =
        dnn.strided(type, new long[] {together, tokens, head}, new long[] {head, stride, 1});
    dnnl_memory_desc score = dnn.dense(DataType.FP32, together, queries, tokens);
    dnnl_memory_desc share = dnn.dense(type, together, queries, tokens);
    dnnl_memory_desc sum =
        dnn.strided(type, new long[] {together, queries, head}, new long[] {head, inner, 1});
    Primitive compare = dnn.matmul("scores", query, key, null, score, Epilogue.STORE);
    Primitive softmax = dnn.softmax("softmax", score, share, 2);
    Primitive gather = dnn.matmul("attention", share, value, null, sum, Epilogue.STORE);
    List<Operation> steps = new ArrayList<>();
    for (int first = 0; first < model.heads(); first += together) {
      long at = first * head * type.bytes();
      long keyAt = keyColumn * type.bytes() + at;
      steps.add(
          dnn.operation(
              compare,
              src(dnn.view(query, from, queryAt + at)),
              weights(dnn.view(key, from, keyAt)),
              dst(dnn.view(score, scores, 0))));
      steps.add(
          dnn.operation(softmax, src(dnn.view(score, scores, 0)), dst(dnn.view(share, shares, 0))));
      steps.add(
          dnn.operation(
              gather,
              src(dnn.view(share, shares, 0)),
              weights(dnn.view(value, from, keyAt + inner * type.bytes())),
              dst(dnn.view(sum, to, at))));
    }
    return steps;
  }
}

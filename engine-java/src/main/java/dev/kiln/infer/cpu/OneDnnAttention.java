package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.Argument.dst;
import static dev.kiln.infer.cpu.OneDnn.Argument.src;
import static dev.kiln.infer.cpu.OneDnn.Argument.weights;

import dev.kiln.infer.cpu.OneDnn.Operation;
import dev.kiln.infer.cpu.OneDnn.Primitive;
import dev.kiln.infer.cpu.OneDnn.Type;
import dev.kiln.model.Architecture;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Attention over the tokens of a chip as oneDNN operations: scores, softmax, weighted sum, some
 * heads at a time, so that scores stay in the cache from one to the next. The scale of the scores
 * is in the exported weights.
 *
 * <p>Queries, keys and values of a token lie in one row, one after the other; T tokens, I = heads ·
 * numbers in a head.
 */
final class OneDnnAttention {
  /** Scores of so many bytes stay in the cache. Fewer queries at a time were no faster. */
  private static final long SCORE_BYTES = 8L << 20;

  private final OneDnn dnn;
  private final Architecture model;
  private final Type type;
  private final long tokens;
  private final int headsAtOnce;
  private final Pointer scores; // float32 [heads at once, T, T]
  private final Pointer shares; // type, the same; in float32 the scores themselves

  OneDnnAttention(OneDnn dnn, Architecture model, Type type, long tokens) {
    this.dnn = dnn;
    this.model = model;
    this.type = type;
    this.tokens = tokens;
    long oneHead = tokens * tokens * Float.BYTES;
    int fit = (int) Math.max(1, Math.min(model.heads(), SCORE_BYTES / oneHead));
    while (model.heads() % fit != 0) {
      fit--;
    }
    this.headsAtOnce = fit;
    // The last block takes one query of every head at once.
    long count = Math.max(headsAtOnce * tokens * tokens, model.heads() * tokens);
    this.scores = dnn.allocate("attention scores", count * Float.BYTES);
    this.shares = type == Type.F32 ? scores : dnn.allocate("attention", count * type.bytes());
  }

  /**
   * Every token asks.
   *
   * @param from {@code [T, 3I]}: query, key, value
   * @param to {@code [T, I]}
   */
  List<Operation> ofAll(Pointer from, Pointer to) {
    long inner = model.inner();
    return operations(tokens, headsAtOnce, from, 0, 3 * inner, inner, to);
  }

  /**
   * Token 0 alone asks.
   *
   * @param from {@code [T, 2I]}: key, value; and at byte {@code queryAt} the query, {@code [I]}
   * @param to {@code [I]}
   */
  List<Operation> ofOne(Pointer from, long queryAt, Pointer to) {
    return operations(1, model.heads(), from, queryAt, 2L * model.inner(), 0, to);
  }

  /**
   * @param together heads at a time
   * @param stride numbers from one token's to the next one's
   * @param keyColumn where in a row the key begins; the value follows it
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
    dnnl_memory_desc score = dnn.dense(Type.F32, together, queries, tokens);
    dnnl_memory_desc share = dnn.dense(type, together, queries, tokens);
    dnnl_memory_desc sum =
        dnn.strided(type, new long[] {together, queries, head}, new long[] {head, inner, 1});
    Primitive compare = dnn.matmul("scores", query, key, null, score, new Epilogue());
    Primitive softmax = dnn.softmax("softmax", score, share, 2);
    Primitive gather = dnn.matmul("attention", share, value, null, sum, new Epilogue());
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

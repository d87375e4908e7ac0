package dev.kiln.benchmarks;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.kiln.infer.Patchify;
import dev.kiln.infer.cpu.PhysicalCores;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.Architecture;
import dev.kiln.nativelib.OpenMp;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * Reference for the oneDNN encoder: its matrix products alone, on dense operands, with nothing
 * fused; and a copy of the same size for each memory-bound operation. oneDNN reports the times.
 */
final class PlainOperations implements AutoCloseable {
  private static final int TIMES = 9;

  private final int type;
  private final dnnl_engine engine = new dnnl_engine();
  private final dnnl_stream stream = new dnnl_stream();
  private final Deque<Runnable> owned = new ArrayDeque<>();

  PlainOperations(boolean bf16) {
    type = bf16 ? dnnl_bf16 : dnnl_f32;
    check(dnnl_engine_create(engine, dnnl_cpu, 0));
    owned.push(() -> dnnl_engine_destroy(engine));
    check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags));
    owned.push(() -> dnnl_stream_destroy(stream));
    OpenMp.setThreads(PhysicalCores.available());
  }

  /** Runs each operation of a block, and the patch embedding, several times. */
  void run(Architecture model, Patchify rows) {
    long patches = rows.tokens();
    long tokens = patches + 1;
    long dim = model.dim();
    long inner = model.inner();
    product(dnnl_f32, new long[] {patches, rows.rowLength()}, new long[] {rows.rowLength(), dim});
    product(type, new long[] {tokens, dim}, new long[] {dim, 3 * inner});
    product(dnnl_f32, new long[] {tokens, inner}, new long[] {inner, dim});
    product(type, new long[] {tokens, dim}, new long[] {dim, model.mlpDim()});
    product(dnnl_f32, new long[] {tokens, model.mlpDim()}, new long[] {model.mlpDim(), dim});
    long head = model.dimHead();
    product(dnnl_f32, new long[] {1, tokens, head}, new long[] {1, head, tokens});
    product(type, new long[] {1, tokens, tokens}, new long[] {1, tokens, head});
    copy(tokens, dim);
    copy(1, tokens, tokens);
  }

  private void product(int result, long[] left, long[] right) {
    long[] shape = left.clone();
    shape[shape.length - 1] = right[right.length - 1];
    dnnl_memory_desc src = desc(type, dense(left), left);
    dnnl_memory_desc dst = desc(result, dense(shape), shape);
    // Batched operands are activations, so oneDNN cannot choose their layout.
    int layout = right.length == 2 ? dnnl_format_tag_any : dense(right);
    run(
        (found, attributes) ->
            dnnl_matmul_primitive_desc_create(
                found, engine, src, desc(type, layout, right), null, dst, attributes),
        src,
        dst);
  }

  private void copy(long... shape) {
    dnnl_memory_desc src = desc(dnnl_f32, dense(shape), shape);
    dnnl_memory_desc dst = desc(type, dense(shape), shape);
    run(
        (found, attributes) ->
            dnnl_reorder_primitive_desc_create(found, src, engine, dst, engine, attributes),
        src,
        dst);
  }

  private interface Describe {
    int into(dnnl_primitive_desc found, dnnl_primitive_attr attributes);
  }

  private void run(Describe describe, dnnl_memory_desc src, dnnl_memory_desc dst) {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    check(dnnl_primitive_attr_create(attributes));
    dnnl_primitive_desc found = new dnnl_primitive_desc();
    check(describe.into(found, attributes));
    owned.push(() -> dnnl_primitive_desc_destroy(found));
    dnnl_primitive_attr_destroy(attributes);
    dnnl_primitive primitive = new dnnl_primitive();
    check(dnnl_primitive_create(primitive, found));
    owned.push(() -> dnnl_primitive_destroy(primitive));
    dnnl_memory_desc weights = dnnl_primitive_desc_query_md(found, dnnl_query_weights_md, 0);
    boolean weighted = weights != null && dnnl_memory_desc_get_size(weights) > 0;
    dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(3);
    owned.push(arguments::close);
    arguments.position(0).arg(DNNL_ARG_SRC).memory(memory(src));
    arguments.position(1).arg(DNNL_ARG_DST).memory(memory(dst));
    if (weighted) {
      arguments.position(2).arg(DNNL_ARG_WEIGHTS).memory(memory(weights));
    }
    for (int i = 0; i < TIMES; i++) {
      check(dnnl_primitive_execute(primitive, stream, weighted ? 3 : 2, arguments.position(0)));
    }
  }

  private static int dense(long[] shape) {
    return shape.length == 2 ? dnnl_ab : dnnl_abc;
  }

  private dnnl_memory_desc desc(int number, int layout, long[] shape) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(dnnl_memory_desc_create_with_tag(desc, shape.length, shape, number, layout));
    owned.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  private dnnl_memory memory(dnnl_memory_desc desc) {
    HostBuffer buffer = HostBuffer.allocate("operand", dnnl_memory_desc_get_size(desc));
    owned.push(buffer::close);
    dnnl_memory memory = new dnnl_memory();
    check(dnnl_memory_create(memory, desc, engine, buffer.pointer()));
    owned.push(() -> dnnl_memory_destroy(memory));
    return memory;
  }

  private static void check(int status) {
    if (status != dnnl_success) {
      throw new IllegalStateException("oneDNN: status " + status);
    }
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      owned.pop().run();
    }
  }
}

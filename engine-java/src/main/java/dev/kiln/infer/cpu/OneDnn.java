package dev.kiln.infer.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.nativelib.OpenMp;
import dev.kiln.type.DataType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.javacpp.Pointer;

/**
 * Context of oneDNN on the CPU: creates memories and operations, and owns them until {@link
 * #close}. Only one thread may use it: OpenMP keeps a team of threads, and their number, per
 * calling thread.
 */
final class OneDnn implements AutoCloseable {
  /** Size of the widest vector and of a cache line, in bytes. */
  private static final int ALIGNMENT = 64;

  private static final long HUGE_PAGE = 2L << 20;

  private final int threads;
  private final dnnl_engine engine = new dnnl_engine();
  private final dnnl_stream stream = new dnnl_stream();
  private final Deque<Runnable> owned = new ArrayDeque<>();
  private final List<dnnl_memory> scratchpads = new ArrayList<>();
  private long scratchpadBytes;
  private long allocatedBytes;

  /**
   * Creates a context.
   *
   * @param threads number of threads that share each operation
   * @throws ConfigurationException if OpenMP does not provide them
   */
  OneDnn(int threads) {
    this.threads = threads;
    // ONEDNN_DEFAULT_FPMATH_MODE would round float32 to bfloat16.
    check(dnnl_set_default_fpmath_mode(dnnl_fpmath_mode_strict), "precision");
    check(dnnl_engine_create(engine, dnnl_cpu, 0), "engine");
    owned.push(() -> dnnl_engine_destroy(engine));
    check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags), "stream");
    owned.push(() -> dnnl_stream_destroy(stream));
    int found = OpenMp.setThreads(threads);
    if (found != threads) {
      close();
      // oneDNN would leave out the parts of the other threads.
      throw new ConfigurationException(
          "OpenMP: expected %d threads, found %d: unset OMP_THREAD_LIMIT, or give --threads %2$d"
              .formatted(threads, found));
    }
  }

  /** Returns the number of threads that share each operation. */
  int threads() {
    return threads;
  }

  /** Creates a second context, for temporaries. */
  OneDnn newContext() {
    return new OneDnn(threads);
  }

  /** A step of a forward pass. */
  interface Step {
    /** Runs the step and waits for it. */
    void run();
  }

  /** A primitive bound to its memory; it can run any number of times. */
  final class Operation implements Step {
    private final dnnl_primitive primitive;
    private final dnnl_exec_arg_t arguments;
    private final int count;
    private final String name;

    private Operation(String name, dnnl_primitive primitive, dnnl_exec_arg_t arguments, int count) {
      this.name = name;
      this.primitive = primitive;
      this.arguments = arguments;
      this.count = count;
    }

    @Override
    public void run() {
      check(dnnl_primitive_execute(primitive, stream, count, arguments), name);
    }
  }

  /** A primitive that is not bound to memory yet. */
  record Primitive(
      String name, dnnl_primitive primitive, dnnl_memory_desc weights, dnnl_memory_desc scratch) {}

  private static int code(DataType type) {
    return switch (type) {
      case FP32 -> dnnl_f32;
      case BF16 -> dnnl_bf16;
      case FP16 -> dnnl_f16;
    };
  }

  /** Returns the shape of a memory whose layout oneDNN chooses. */
  dnnl_memory_desc anyLayout(DataType type, long... shape) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_tag(
            desc, shape.length, shape, code(type), dnnl_format_tag_any),
        "layout");
    return own(desc);
  }

  /** Returns the shape of a row-major memory. */
  dnnl_memory_desc dense(DataType type, long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strided(type, shape, strides);
  }

  /**
   * Returns the shape of a view.
   *
   * @param strides of each dimension, in elements
   */
  dnnl_memory_desc strided(DataType type, long[] shape, long[] strides) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_strides(desc, shape.length, shape, code(type), strides),
        "strides");
    return own(desc);
  }

  private dnnl_memory_desc own(dnnl_memory_desc desc) {
    owned.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  /** Allocates zeroed memory, aligned for vectors. */
  Pointer allocate(String purpose, long bytes) {
    String full = "oneDNN: " + purpose;
    HostBuffer buffer =
        bytes < HUGE_PAGE
            ? HostBuffer.allocate(full, bytes + ALIGNMENT)
            : HostBuffer.allocateHugePages(full, bytes);
    allocatedBytes += buffer.size();
    owned.push(buffer::close);
    long skip = -buffer.address() & (ALIGNMENT - 1);
    return buffer.pointer().getPointer(skip);
  }

  /** Allocates memory for a shape. */
  dnnl_memory memory(String purpose, dnnl_memory_desc desc) {
    return view(desc, allocate(purpose, dnnl_memory_desc_get_size(desc)), 0);
  }

  /**
   * Creates a view of memory that the caller owns.
   *
   * @param base may be null; {@link #move} sets it before the first run
   * @param offset of the view in bytes
   */
  dnnl_memory view(dnnl_memory_desc desc, Pointer base, long offset) {
    dnnl_memory memory = new dnnl_memory();
    Pointer first = base == null ? null : base.getPointer(offset);
    check(dnnl_memory_create(memory, desc, engine, first), "memory");
    owned.push(() -> dnnl_memory_destroy(memory));
    return memory;
  }

  /** Points a view at other memory. */
  void move(dnnl_memory memory, Pointer to) {
    check(dnnl_memory_set_data_handle(memory, to), "memory handle");
  }

  /** Creates {@code dst = epilogue(src · weights + bias)}; bias may be null. */
  Primitive matmul(
      String name,
      dnnl_memory_desc src,
      dnnl_memory_desc weights,
      dnnl_memory_desc bias,
      dnnl_memory_desc dst,
      Epilogue epilogue) {
    return primitive(
        name,
        epilogue,
        (desc, attributes) ->
            dnnl_matmul_primitive_desc_create(desc, engine, src, weights, bias, dst, attributes));
  }

  /** Creates LayerNorm over the last dimension with scale and shift. */
  Primitive layerNorm(String name, dnnl_memory_desc src, dnnl_memory_desc dst, float epsilon) {
    return primitive(
        name,
        Epilogue.STORE,
        (desc, attributes) ->
            dnnl_layer_normalization_forward_primitive_desc_create(
                desc,
                engine,
                dnnl_forward_inference,
                src,
                dst,
                null,
                epsilon,
                dnnl_use_scale | dnnl_use_shift,
                attributes));
  }

  /** Creates a softmax over one dimension. */
  Primitive softmax(String name, dnnl_memory_desc src, dnnl_memory_desc dst, int axis) {
    return primitive(
        name,
        Epilogue.STORE,
        (desc, attributes) ->
            dnnl_softmax_forward_primitive_desc_create(
                desc,
                engine,
                dnnl_forward_inference,
                dnnl_softmax_accurate,
                src,
                dst,
                axis,
                attributes));
  }

  /** Creates a copy into another layout or type. */
  Primitive reorder(String name, dnnl_memory_desc src, dnnl_memory_desc dst) {
    return primitive(
        name,
        Epilogue.STORE,
        (desc, attributes) ->
            dnnl_reorder_primitive_desc_create(desc, src, engine, dst, engine, attributes));
  }

  private interface Describe {
    int into(dnnl_primitive_desc desc, dnnl_primitive_attr attributes);
  }

  private Primitive primitive(String name, Epilogue epilogue, Describe describe) {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    check(dnnl_primitive_attr_create(attributes), "attributes");
    try {
      epilogue.write(attributes);
      // oneDNN's own scratchpads belong to the thread that created the primitive.
      check(
          dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
          "scratchpad mode");
      check(dnnl_primitive_attr_set_deterministic(attributes, 1), "determinism");
      dnnl_primitive_desc desc = new dnnl_primitive_desc();
      check(describe.into(desc, attributes), name);
      owned.push(() -> dnnl_primitive_desc_destroy(desc));
      dnnl_primitive primitive = new dnnl_primitive();
      check(dnnl_primitive_create(primitive, desc), name);
      owned.push(() -> dnnl_primitive_destroy(primitive));
      // The primitive descriptor owns both.
      dnnl_memory_desc weights = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
      dnnl_memory_desc scratch = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
      return new Primitive(name, primitive, weights, scratch);
    } finally {
      dnnl_primitive_attr_destroy(attributes);
    }
  }

  /** One argument of an operation. */
  record Argument(int kind, dnnl_memory memory) {
    static Argument src(dnnl_memory memory) {
      return new Argument(DNNL_ARG_SRC, memory);
    }

    static Argument weights(dnnl_memory memory) {
      return new Argument(DNNL_ARG_WEIGHTS, memory);
    }

    static Argument bias(dnnl_memory memory) {
      return new Argument(DNNL_ARG_BIAS, memory);
    }

    static Argument scale(dnnl_memory memory) {
      return new Argument(DNNL_ARG_SCALE, memory);
    }

    static Argument shift(dnnl_memory memory) {
      return new Argument(DNNL_ARG_SHIFT, memory);
    }

    static Argument dst(dnnl_memory memory) {
      return new Argument(DNNL_ARG_DST, memory);
    }
  }

  /** Binds a primitive to memory. Call {@link #allocateScratchpad} before the first run. */
  Operation operation(Primitive primitive, Argument... arguments) {
    int count = arguments.length + 1;
    dnnl_exec_arg_t bound = new dnnl_exec_arg_t(count);
    owned.push(bound::close);
    for (int i = 0; i < arguments.length; i++) {
      bound.position(i).arg(arguments[i].kind()).memory(arguments[i].memory());
    }
    dnnl_memory scratchpad = view(primitive.scratch(), null, 0);
    scratchpadBytes = Math.max(scratchpadBytes, dnnl_memory_desc_get_size(primitive.scratch()));
    scratchpads.add(scratchpad);
    bound.position(arguments.length).arg(DNNL_ARG_SCRATCHPAD).memory(scratchpad);
    return new Operation(primitive.name(), primitive.primitive(), bound.position(0), count);
  }

  /** Allocates one scratchpad that all operations created so far share. */
  void allocateScratchpad() {
    if (scratchpadBytes > 0) {
      Pointer memory = allocate("scratchpad", scratchpadBytes);
      scratchpads.forEach(scratchpad -> move(scratchpad, memory));
    }
    scratchpads.clear();
    scratchpadBytes = 0;
  }

  /** Returns the bytes allocated since this was created. */
  long allocatedBytes() {
    return allocatedBytes;
  }

  /** Returns the size of a memory of this shape, in bytes. */
  static long bytes(dnnl_memory_desc desc) {
    return dnnl_memory_desc_get_size(desc);
  }

  /** Returns the version of oneDNN. */
  static String version() {
    dnnl_version_t version = dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  static void check(int status, String what) {
    if (status != dnnl_success) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "oneDNN: %s: status %d", what, status));
    }
  }

  /** Frees everything in reverse order of creation; a second call does nothing. */
  @Override
  public void close() {
    while (!owned.isEmpty()) {
      owned.pop().run();
    }
  }
}

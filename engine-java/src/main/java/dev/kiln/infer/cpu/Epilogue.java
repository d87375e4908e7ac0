package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;

/** Operations that oneDNN applies to a matrix product before it stores the result. */
final class Epilogue {
  private final List<dnnl_memory_desc> addends = new ArrayList<>();
  private boolean gelu;
  private boolean accumulate;

  /** Adds a memory, broadcast along dimensions of size 1. */
  Epilogue add(dnnl_memory_desc addend) {
    addends.add(addend);
    return this;
  }

  /** Applies GELU in the erf form. */
  Epilogue gelu() {
    gelu = true;
    return this;
  }

  /** Adds the previous contents of the destination. */
  Epilogue accumulate() {
    accumulate = true;
    return this;
  }

  /** Writes these operations to a primitive's attributes. */
  void write(dnnl_primitive_attr attributes) {
    dnnl_post_ops steps = new dnnl_post_ops();
    check(dnnl_post_ops_create(steps), "post-operations");
    try {
      for (dnnl_memory_desc addend : addends) {
        check(dnnl_post_ops_append_binary(steps, dnnl_binary_add, addend), "addend");
      }
      if (gelu) {
        check(dnnl_post_ops_append_eltwise(steps, dnnl_eltwise_gelu_erf, 0, 0), "gelu");
      }
      if (accumulate) {
        check(dnnl_post_ops_append_sum(steps, 1, 0, dnnl_f32), "sum");
      }
      check(dnnl_primitive_attr_set_post_ops(attributes, steps), "post-operations");
    } finally {
      dnnl_post_ops_destroy(steps);
    }
  }
}

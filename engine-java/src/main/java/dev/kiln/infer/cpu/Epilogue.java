package dev.kiln.infer.cpu;

import static dev.kiln.infer.cpu.OneDnn.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import dev.kiln.matmul.PackedMatmul;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;

/** What a matrix product stores. */
enum Epilogue {
  /** The product. */
  STORE(PackedMatmul.Epilogue.STORE),
  /** GELU of the product, in the erf form. */
  GELU(PackedMatmul.Epilogue.GELU),
  /** The sum of the product and the previous contents of the destination. */
  ACCUMULATE(PackedMatmul.Epilogue.ACCUMULATE);

  private final PackedMatmul.Epilogue packed;

  Epilogue(PackedMatmul.Epilogue packed) {
    this.packed = packed;
  }

  /** Returns the same of Kiln's own products. */
  PackedMatmul.Epilogue packed() {
    return packed;
  }

  /** Writes it to a primitive's attributes. */
  void write(dnnl_primitive_attr attributes) {
    dnnl_post_ops steps = new dnnl_post_ops();
    check(dnnl_post_ops_create(steps), "post-operations");
    try {
      if (this == GELU) {
        check(dnnl_post_ops_append_eltwise(steps, dnnl_eltwise_gelu_erf, 0, 0), "gelu");
      }
      if (this == ACCUMULATE) {
        check(dnnl_post_ops_append_sum(steps, 1, 0, dnnl_f32), "sum");
      }
      check(dnnl_primitive_attr_set_post_ops(attributes, steps), "post-operations");
    } finally {
      dnnl_post_ops_destroy(steps);
    }
  }
}

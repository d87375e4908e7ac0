package dev.kiln.search;

import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.util.logging.Level;
import java.util.logging.Logger;

/** JVector's vectors. */
final class JVector {
  /** Referenced, so that the level is not lost with the logger. */
  private static final Logger LOG = Logger.getLogger("io.github.jbellis.jvector");

  private static final VectorTypeSupport TYPES;

  static {
    // It warns that it computes without SIMD, but Kiln computes the products.
    LOG.setLevel(Level.SEVERE);
    TYPES = VectorizationProvider.getInstance().getVectorTypeSupport();
  }

  private JVector() {}

  /** Prepares the library; to be called before any of its classes is used. */
  static void load() {
    if (TYPES == null) {
      throw new IllegalStateException("JVector is not loaded");
    }
  }

  /** Returns a vector over an array, which is not copied. */
  static VectorFloat<?> vector(float[] values) {
    return TYPES.createFloatVector(values);
  }

  /** Returns the values of a vector. */
  static float[] values(VectorFloat<?> vector) {
    if (vector.get() instanceof float[] values) {
      return values;
    }
    float[] values = new float[vector.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = vector.get(i);
    }
    return values;
  }
}

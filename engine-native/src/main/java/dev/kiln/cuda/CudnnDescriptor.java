package dev.kiln.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_STATUS_NOT_SUPPORTED;
import static org.bytedeco.cuda.global.cudnn.CUDNN_STATUS_SUCCESS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_BOOLEAN;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_INT64;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendCreateDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendDestroyDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendFinalize;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendGetAttribute;
import static org.bytedeco.cuda.global.cudnn.cudnnBackendSetAttribute;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;

import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * An object of cuDNN's backend API: attributes are set, then it is final. The attributes are copied
 * by the library; other descriptors among them must outlive this one.
 */
final class CudnnDescriptor implements AutoCloseable {
  private static final int NEXT_CLASS_OF_ERRORS = 1000;

  private final String name;
  private final cudnnBackendDescriptor_t descriptor = new cudnnBackendDescriptor_t();
  private boolean closed;

  /**
   * Creates a descriptor.
   *
   * @param name for messages
   * @param type such as {@code CUDNN_BACKEND_TENSOR_DESCRIPTOR}
   */
  CudnnDescriptor(String name, int type) {
    this.name = name;
    check(
        cudnnBackendCreateDescriptor(type, descriptor), "cudnnBackendCreateDescriptor of " + name);
  }

  /** Returns the library's object. */
  cudnnBackendDescriptor_t get() {
    return descriptor;
  }

  /** Sets an attribute of 64-bit numbers. */
  CudnnDescriptor longs(int attribute, long... values) {
    try (LongPointer pointer = new LongPointer(values)) {
      return set(attribute, CUDNN_TYPE_INT64, values.length, pointer);
    }
  }

  /** Sets an attribute with the value of an enumeration. */
  CudnnDescriptor code(int attribute, int type, int value) {
    try (IntPointer pointer = new IntPointer(1)) {
      pointer.put(value);
      return set(attribute, type, 1, pointer);
    }
  }

  /** Sets a Boolean attribute to true. */
  CudnnDescriptor yes(int attribute) {
    try (BytePointer pointer = new BytePointer(1)) {
      pointer.put((byte) 1);
      return set(attribute, CUDNN_TYPE_BOOLEAN, 1, pointer);
    }
  }

  /** Sets an attribute that is one or several other descriptors. */
  CudnnDescriptor descriptors(int attribute, CudnnDescriptor... values) {
    Pointer[] all = new Pointer[values.length];
    for (int i = 0; i < values.length; i++) {
      all[i] = values[i].descriptor;
    }
    return pointers(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, all);
  }

  /** Sets an attribute of addresses. */
  CudnnDescriptor pointers(int attribute, int type, Pointer... values) {
    try (PointerPointer<Pointer> array = new PointerPointer<>(values)) {
      return set(attribute, type, values.length, array);
    }
  }

  private CudnnDescriptor set(int attribute, int type, long count, Pointer values) {
    check(
        cudnnBackendSetAttribute(descriptor, attribute, type, count, values),
        "cudnnBackendSetAttribute %d of %s".formatted(attribute, name));
    return this;
  }

  /** Ends the setting of attributes. */
  CudnnDescriptor finish() {
    check(cudnnBackendFinalize(descriptor), "cudnnBackendFinalize of " + name);
    return this;
  }

  /**
   * Ends the setting of attributes.
   *
   * @return false if the library does not support what they describe
   */
  boolean supported() {
    int code = cudnnBackendFinalize(descriptor);
    if (code >= CUDNN_STATUS_NOT_SUPPORTED
        && code < CUDNN_STATUS_NOT_SUPPORTED + NEXT_CLASS_OF_ERRORS) {
      return false;
    }
    check(code, "cudnnBackendFinalize of " + name);
    return true;
  }

  /** Returns an attribute that is one 64-bit number. */
  long number(int attribute) {
    long[] count = new long[1];
    try (LongPointer value = new LongPointer(1)) {
      check(
          cudnnBackendGetAttribute(descriptor, attribute, CUDNN_TYPE_INT64, 1, count, value),
          "cudnnBackendGetAttribute %d of %s".formatted(attribute, name));
      return value.get();
    }
  }

  /**
   * Fills descriptors that have been created for this.
   *
   * @return how many the library filled
   */
  int fill(int attribute, CudnnDescriptor... into) {
    long[] count = new long[1];
    Pointer[] all = new Pointer[into.length];
    for (int i = 0; i < into.length; i++) {
      all[i] = into[i].descriptor;
    }
    try (PointerPointer<Pointer> array = new PointerPointer<>(all)) {
      check(
          cudnnBackendGetAttribute(
              descriptor, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, into.length, count, array),
          "cudnnBackendGetAttribute %d of %s".formatted(attribute, name));
      return (int) count[0];
    }
  }

  static void check(int code, String call) {
    if (code != CUDNN_STATUS_SUCCESS) {
      throw new IllegalStateException(
          "%s: cuDNN error %d (%s)".formatted(call, code, cudnnGetErrorString(code).getString()));
    }
  }

  /** Destroys the descriptor; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      check(cudnnBackendDestroyDescriptor(descriptor), "cudnnBackendDestroyDescriptor of " + name);
    }
  }
}

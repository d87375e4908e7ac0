package dev.kiln.memory;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Deletes C++ objects of libraries whose bindings cannot: those of TensorRT are freed with {@code
 * delete} alone, which JavaCPP writes only for objects that Java made.
 */
@Platform(library = "jniobject")
public final class NativeObject {
  static {
    Loader.load(NativeObject.class);
  }

  private NativeObject() {}

  /**
   * Runs {@code delete} on an object; nothing may use it later.
   *
   * @param object of a class whose first virtual function is its destructor, such as all that
   *     derive from TensorRT's {@code INoCopy}; null, in Java or in C++, is left alone
   */
  public static void delete(Pointer object) {
    if (!Pointer.isNull(object)) {
      free(object.address());
      object.setNull();
    }
  }

  private static native void free(long address);
}

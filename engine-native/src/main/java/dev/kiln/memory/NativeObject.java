package dev.kiln.memory;

import dev.kiln.nativelib.NativeLibrary;
import org.bytedeco.javacpp.Pointer;

/**
 * Deletion of C++ objects whose bindings cannot delete them: TensorRT's objects are freed with
 * {@code delete}, which JavaCPP generates only for objects that Java created.
 */
public final class NativeObject {
  private NativeObject() {}

  /**
   * Runs {@code delete} on an object, which must not be used afterwards.
   *
   * @param object of a class whose first virtual function is its destructor, as in all classes that
   *     derive from TensorRT's {@code INoCopy}. Null, in Java or in C++, is ignored
   */
  public static void delete(Pointer object) {
    delete(object, 0);
  }

  /**
   * Runs {@code delete} on an object of another class.
   *
   * @param object null, in Java or in C++, is ignored
   * @param functionsBefore number of virtual functions that are declared before the destructor
   */
  public static void delete(Pointer object, int functionsBefore) {
    if (!Pointer.isNull(object)) {
      NativeLibrary.KILN.load();
      free(object.address(), functionsBefore);
      object.setNull();
    }
  }

  private static native void free(long address, int functionsBefore);
}

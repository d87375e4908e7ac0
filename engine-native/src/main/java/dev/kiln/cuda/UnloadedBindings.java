package dev.kiln.cuda;

import java.util.Map;

/**
 * JavaCPP's classes for libraries that this machine may lack. Such a class loads its library when
 * it is initialized, and cannot be used after a failure. Other bindings initialize it without
 * needing it, as TensorRT's binding does with those of cuBLAS and cuDNN.
 */
public final class UnloadedBindings {
  private static final String LOADING = "org.bytedeco.javacpp.loadLibraries";

  private UnloadedBindings() {}

  /**
   * Initializes classes without loading their libraries, unless they are already initialized.
   * Callers that need a library call {@code Loader.load(Class)}, which may fail and be repeated.
   *
   * @param names of JavaCPP's {@code global} classes
   */
  public static synchronized void initialise(String... names) {
    Map<Object, Object> properties = System.getProperties();
    Object before = properties.put(LOADING, "false");
    try {
      for (String name : names) {
        Class.forName(name);
      }
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(
          "expected JavaCPP's bindings, found some missing: " + e.getMessage(), e);
    } finally {
      if (before == null) {
        properties.remove(LOADING);
      } else {
        properties.put(LOADING, before);
      }
    }
  }
}

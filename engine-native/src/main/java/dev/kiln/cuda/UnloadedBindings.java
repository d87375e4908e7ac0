package dev.kiln.cuda;

import java.util.Map;

/**
 * JavaCPP's classes for libraries that may not be on this machine. Such a class loads its library
 * when it is first touched, and where that fails it can never be touched again; what is worse,
 * other bindings touch it that need nothing of it, as TensorRT's does with cuBLAS's and cuDNN's.
 */
public final class UnloadedBindings {
  private static final String LOADING = "org.bytedeco.javacpp.loadLibraries";

  private UnloadedBindings() {}

  /**
   * Initialises classes without their libraries, unless they are initialised already. Whoever needs
   * a library then asks for it with {@code Loader.load(Class)}, which may fail and be tried again.
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
      throw new IllegalStateException("JavaCPP's bindings are not all there: " + e.getMessage(), e);
    } finally {
      if (before == null) {
        properties.remove(LOADING);
      } else {
        properties.put(LOADING, before);
      }
    }
  }
}

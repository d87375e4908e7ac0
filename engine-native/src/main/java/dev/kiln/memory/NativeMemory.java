package dev.kiln.memory;

/**
 * JavaCPP's own guard on native memory, and why Kiln runs without it. The guard compares the
 * resident memory of the whole process with a multiple of the Java heap each time JavaCPP allocates
 * anything; beyond it, the smallest string waits for ten garbage collections and then fails. Kiln
 * bounds its native memory where it allocates it, by bytes in flight, and means to hold more of it
 * than of heap.
 */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * Lifts the guard, unless the command line sets it. Takes effect before the first use of {@code
   * org.bytedeco.javacpp.Pointer} in the process; {@link HostBuffer} and {@code dev.kiln.gdal.Gdal}
   * call it.
   */
  public static void liftGuard() {
    for (String limit : new String[] {"maxBytes", "maxPhysicalBytes"}) {
      String property = "org.bytedeco.javacpp." + limit;
      if (System.getProperty(property) == null) {
        System.setProperty(property, "0");
      }
    }
  }
}

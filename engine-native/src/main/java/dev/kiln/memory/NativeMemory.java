package dev.kiln.memory;

/**
 * JavaCPP's limit on native memory, which Kiln disables. On each allocation JavaCPP compares the
 * resident memory of the whole process with a multiple of the Java heap; above it, even the
 * smallest allocation waits for ten garbage collections and then fails. Kiln limits native memory
 * where it allocates it, by bytes in flight, and by design uses more of it than of heap.
 */
public final class NativeMemory {
  private NativeMemory() {}

  /**
   * Disables the limit unless the command line sets it. Takes effect only before the first use of
   * {@code org.bytedeco.javacpp.Pointer} in the process; {@link HostBuffer} and {@code
   * dev.kiln.gdal.Gdal} call it.
   */
  public static void disableLimit() {
    for (String limit : new String[] {"maxBytes", "maxPhysicalBytes"}) {
      String property = "org.bytedeco.javacpp." + limit;
      if (System.getProperty(property) == null) {
        System.setProperty(property, "0");
      }
    }
  }
}

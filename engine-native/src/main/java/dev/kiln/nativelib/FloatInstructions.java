package dev.kiln.nativelib;

/** Instruction sets of Kiln's native implementations in float32, the fastest last. */
public enum FloatInstructions {
  /**
   * Those of any x86-64 CPU. Attention and matrix products run the code of {@link #AVX512} with
   * them, slowly, for tests.
   */
  PORTABLE,
  /** AVX2 and FMA. */
  AVX2,
  /** AVX-512 Foundation. */
  AVX512;

  /** Returns the number of native code. */
  public int code() {
    return ordinal();
  }

  /** Returns the fastest that this CPU and its operating system support. */
  public static FloatInstructions fastest() {
    return Fastest.VALUE;
  }

  /** Loads the library when it is needed first. */
  private static final class Fastest {
    static final FloatInstructions VALUE = find();

    private static FloatInstructions find() {
      NativeLibrary.KILN.load();
      return values()[fastestCode()];
    }
  }

  /**
   * Checks that this CPU has the instructions.
   *
   * @param operation named by the error
   * @throws IllegalStateException if it has not
   */
  public void requireFor(String operation) {
    if (compareTo(fastest()) > 0) {
      throw new IllegalStateException(
          "%s: this CPU has no %s, only %s".formatted(operation, this, fastest()));
    }
  }

  private static native int fastestCode();
}

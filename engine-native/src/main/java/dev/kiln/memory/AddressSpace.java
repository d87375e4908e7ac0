package dev.kiln.memory;

import dev.kiln.nativelib.NativeLibrary;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Address space that is backed by memory only where it is written, however much of it there is: the
 * system does not count it against the machine's memory in advance.
 */
final class AddressSpace {
  private AddressSpace() {}

  /** Memory at an address that was not allocated by JavaCPP. */
  private static final class Block extends Pointer {
    Block(long address, long size) {
      this.address = address;
      this.capacity = size;
      this.limit = size;
    }
  }

  /**
   * Reserves zeroed address space.
   *
   * @param purpose what it is for, in error messages
   * @param size bytes, at least 1
   * @return a buffer; closing it returns the address space
   * @throws OutOfMemoryError if there is not enough address space
   */
  static HostBuffer reserve(String purpose, long size) {
    NativeLibrary.KILN.load();
    long address = map(size);
    if (address == 0) {
      throw new OutOfMemoryError(purpose + ": cannot reserve " + size + " bytes of address space");
    }
    return HostBuffer.over(
        purpose, size, new BytePointer(new Block(address, size)), () -> unmap(address, size));
  }

  /** Returns whole pages within a range to the system; they read as zeros afterwards. */
  static void discard(long address, long size) {
    NativeLibrary.KILN.load();
    release(address, size);
  }

  private static native long map(long size);

  private static native void unmap(long address, long size);

  private static native void release(long address, long size);
}

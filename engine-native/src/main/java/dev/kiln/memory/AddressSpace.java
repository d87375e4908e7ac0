package dev.kiln.memory;

import dev.kiln.nativelib.NativeLibrary;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Address space that is backed by memory only where it is written, however much of it there is: the
 * system does not count it against the machine's memory in advance.
 */
final class AddressSpace {
  /** Of reserved space in bytes: the range of one page table, so that pages can move by tables. */
  static final long ALIGNMENT = 2 << 20;

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
   * Reserves zeroed address space at a multiple of {@link #ALIGNMENT}.
   *
   * @param purpose what it is for, in error messages
   * @param size bytes, at least 1
   * @return a buffer; closing it returns the address space
   * @throws OutOfMemoryError if there is not enough address space
   */
  static HostBuffer reserve(String purpose, long size) {
    NativeLibrary.KILN.load();
    long address = map(size, ALIGNMENT);
    if (address == 0) {
      throw new OutOfMemoryError(purpose + ": cannot reserve " + size + " bytes of address space");
    }
    return HostBuffer.over(
        purpose, size, new BytePointer(new Block(address, size)), () -> unmap(address, size));
  }

  /** Reserves zeroed address space in pages of 2 MiB where the system has them. */
  static HostBuffer reserveHugePages(String purpose, long size) {
    HostBuffer buffer = reserve(purpose, size);
    adviseHugePages(buffer.address(), size);
    return buffer;
  }

  /** Returns whole pages within a range to the system; they read as zeros afterwards. */
  static void discard(long address, long size) {
    NativeLibrary.KILN.load();
    release(address, size);
  }

  /**
   * Moves the pages of a range to another, whose own pages are freed. The first range stays
   * reserved and reads as zeros.
   *
   * @param from multiple of {@link #ALIGNMENT}, in reserved space
   * @param to multiple of {@link #ALIGNMENT}, in reserved space
   * @param size multiple of {@link #ALIGNMENT}
   * @return false if the system cannot; nothing has moved then
   */
  static boolean relocate(long from, long to, long size) {
    NativeLibrary.KILN.load();
    return move(from, to, size);
  }

  private static native long map(long size, long alignment);

  private static native void adviseHugePages(long address, long size);

  private static native void unmap(long address, long size);

  private static native void release(long address, long size);

  private static native boolean move(long from, long to, long size);
}

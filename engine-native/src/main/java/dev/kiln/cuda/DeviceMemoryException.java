package dev.kiln.cuda;

/** The device has too little free memory for a block. */
public final class DeviceMemoryException extends CudaException {
  private static final long serialVersionUID = 1L;

  private final String purpose;
  private final long bytes;

  /**
   * Creates an exception.
   *
   * @param purpose of the block
   * @param bytes requested
   * @param free bytes on the device
   */
  public DeviceMemoryException(String purpose, long bytes, long free) {
    super(
        "%s: expected %,d MB of free device memory, found %,d MB"
            .formatted(purpose, bytes / 1_000_000, free / 1_000_000),
        2,
        "out of memory");
    this.purpose = purpose;
    this.bytes = bytes;
  }

  /** Returns the purpose of the block. */
  public String purpose() {
    return purpose;
  }

  /** Returns the bytes that were requested. */
  public long bytes() {
    return bytes;
  }
}

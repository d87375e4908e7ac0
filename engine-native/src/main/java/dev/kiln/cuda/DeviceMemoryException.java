package dev.kiln.cuda;

/** The device has no such block of memory left. */
public final class DeviceMemoryException extends CudaException {
  private static final long serialVersionUID = 1L;

  private final String purpose;
  private final long bytes;

  /**
   * @param purpose what it was for
   * @param bytes asked for
   * @param free left on the device
   */
  public DeviceMemoryException(String purpose, long bytes, long free) {
    super(
        "%s: %,d MB of device memory asked, %,d MB free"
            .formatted(purpose, bytes / 1_000_000, free / 1_000_000),
        2,
        "out of memory");
    this.purpose = purpose;
    this.bytes = bytes;
  }

  /** What it was for. */
  public String purpose() {
    return purpose;
  }

  /** Bytes asked for. */
  public long bytes() {
    return bytes;
  }
}

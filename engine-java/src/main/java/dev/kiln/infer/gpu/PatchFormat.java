package dev.kiln.infer.gpu;

/** Number format of patch rows in device memory. */
public enum PatchFormat {
  BF16(2),
  FP16(2),
  FP32(4);

  private final int bytes;

  PatchFormat(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one number. */
  public int bytes() {
    return bytes;
  }
}

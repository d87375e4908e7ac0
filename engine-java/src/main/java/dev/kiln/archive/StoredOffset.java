package dev.kiln.archive;

/**
 * Evidence in a scene's metadata of an offset of +1000 in its stored values, which Sentinel-2
 * products contain since processing baseline 04.00.
 */
public enum StoredOffset {
  /** Values have no offset, or it has been removed. */
  NONE,
  /** Values have the offset. */
  CERTAIN,
  /**
   * Values have the offset unless they prove otherwise; the flags of providers are not reliable.
   */
  PROBABLE,
  /** The metadata does not tell; the values decide. */
  UNKNOWN
}

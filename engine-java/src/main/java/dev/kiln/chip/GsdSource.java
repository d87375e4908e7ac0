package dev.kiln.chip;

/** Source of a scene's ground sample distance. */
public enum GsdSource {
  /** The pixel size of the file; for NAIP, the resolution that the scene key states. */
  AUTO,
  /** The pixel size of the file. */
  FILE,
  /** The item, the scene key or the platform. */
  METADATA
}

package dev.kiln.dataset;

/** Columns that a pass over a dataset reads besides those that its filter needs. */
public enum Column {
  /** {@code chip_id}, {@code item_id} and {@code platform}. */
  IDS,
  /** {@code datetime}. */
  DATETIME,
  /** {@code bbox}. */
  BOX,
  /** {@code geometry}. */
  FOOTPRINT,
  /** {@code cloud} and {@code nodata}. */
  SHARES,
  /** What is needed to find a chip in its scene: {@link ChipOrigins}. */
  ORIGIN,
  /** {@code embeddings}. */
  VECTOR
}

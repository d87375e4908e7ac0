package dev.kiln.dataset.merge;

import dev.kiln.sink.RowSchema;
import java.util.List;

/** Columns of a dataset: those of its sources and, where these lack them, {@link #ADDED}. */
final class MergedSchema {
  /** Column of the embeddings. */
  static final String VECTORS = "embeddings";

  /** Path of the values of the embeddings. */
  static final String VECTOR_VALUES = VECTORS + ".list.element";

  /** Provenance of each row: where the archive stores the scene, and the hash of the model. */
  static final List<String> ADDED = List.of("uri", "model");

  private MergedSchema() {}

  static RowSchema of(RowSchema source) {
    return source.withText(ADDED);
  }
}

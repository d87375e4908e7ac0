package dev.kiln.search;

import dev.kiln.dataset.RowFilter;
import dev.kiln.error.Mismatch;

/**
 * A search for the chips whose vectors have the greatest cosine with a query.
 *
 * @param query what is searched for
 * @param k number of chips to find, at least 1
 * @param filter which chips are searched
 * @param exact whether all vectors are compared, even if there is an index
 */
public record SearchRequest(Query query, int k, RowFilter filter, boolean exact) {

  /** Checks k. */
  public SearchRequest {
    if (k < 1) {
      throw new IllegalArgumentException(Mismatch.of("k", "1 or more", k));
    }
  }

  /** Creates a search of all chips, with the index if there is one. */
  public SearchRequest(Query query, int k) {
    this(query, k, RowFilter.all(), false);
  }
}

package dev.kiln.search;

import dev.kiln.dataset.FileFault;
import java.util.List;

/**
 * The outcome of a search.
 *
 * @param matches greatest cosine first; equal ones in the order of the dataset. Fewer than
 *     requested if fewer chips meet the filter
 * @param approximate whether the index was used, which can miss a match
 * @param compared number of vectors that were compared with the query; of an index, only those that
 *     it visited
 * @param seconds time of the search
 * @param faults files that could not be read; their chips can be missing
 */
public record SearchResult(
    List<Match> matches,
    boolean approximate,
    long compared,
    double seconds,
    List<FileFault> faults) {

  /** Copies the lists. */
  public SearchResult {
    matches = List.copyOf(matches);
    faults = List.copyOf(faults);
  }
}

package dev.kiln.explore;

import dev.kiln.dataset.RowRef;
import dev.kiln.picture.ColoredChips;
import dev.kiln.search.Match;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Finds the chips whose vectors are most similar to examples. Safe for use by several threads. */
final class SimilarChips {
  /**
   * A chip that was found.
   *
   * @param chip its number
   * @param similarity cosine with the combined examples, -1 to 1
   */
  record Hit(int chip, float similarity) {}

  private final ColoredChips chips;
  private final Search search;

  /**
   * Creates a search.
   *
   * @param search of the dataset
   * @param chips of the dataset
   */
  SimilarChips(Search search, ColoredChips chips) {
    this.search = search;
    this.chips = chips;
  }

  /**
   * Finds the most similar chips, best first, without the examples.
   *
   * @param positives numbers of examples to resemble; at least one
   * @param negatives numbers of examples to differ from
   * @param count largest number of chips
   */
  List<Hit> find(List<Integer> positives, List<Integer> negatives, int count, ChipFilter filter)
      throws IOException, InterruptedException {
    Query.Builder query = Query.builder();
    Set<RowRef> found = new TreeSet<>();
    for (boolean positive : new boolean[] {true, false}) {
      for (Search.ChipVector example : search.chips(refs(positive ? positives : negatives))) {
        String name = "chip " + example.chip().chipId();
        query =
            positive
                ? query.positive(name, example.vector())
                : query.negative(name, example.vector());
        query = query.without(example.chip().ref());
        found.add(example.chip().ref());
      }
    }
    TreeSet<RowRef> wanted = new TreeSet<>(refs(positives));
    wanted.addAll(refs(negatives));
    if (!found.containsAll(wanted)) {
      throw new BadRequestException(
          410, "the dataset has changed since the page was opened: start kiln explore again");
    }
    List<Hit> hits = new ArrayList<>();
    SearchRequest request = new SearchRequest(query.build(), count, filter.rows(), false);
    for (Match match : search.search(request).matches()) {
      int chip = chips.find(match.chip().ref());
      // Chips that were added since the page was opened have no number.
      if (chip >= 0) {
        hits.add(new Hit(chip, match.score()));
      }
    }
    return hits;
  }

  private List<RowRef> refs(List<Integer> numbers) {
    return numbers.stream().map(chips::ref).toList();
  }
}

package dev.kiln.error;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Similar names, for messages about misspelled ones. */
public final class Similar {
  private Similar() {}

  /**
   * {@return the name that is most similar to a misspelled one}
   *
   * @param name misspelled
   * @param known correct names, at least one
   */
  public static String most(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(candidate -> edits(name, candidate)))
        .orElseThrow();
  }

  /**
   * {@return the name that is probably meant; empty if none is similar}
   *
   * @param name misspelled; case is ignored
   * @param known correct names
   */
  public static Optional<String> likely(String name, Collection<String> known) {
    String lower = name.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(candidate -> 2 * edits(lower, candidate.toLowerCase(Locale.ROOT)) <= name.length())
        .min(Comparator.comparingInt(candidate -> edits(lower, candidate)));
  }

  /** Returns the least number of letters to insert, delete or replace (Levenshtein distance). */
  static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}

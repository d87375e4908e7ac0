package dev.kiln.fetch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/** Queries which keys exist in a store that lists them in the order of their bytes. */
final class KeyQuery {
  private static final Comparator<String> BY_BYTES =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  /** Up to this number, keys are queried one by one, because these requests are cheaper. */
  private static final int FEW = 2;

  private KeyQuery() {}

  /**
   * Part of a listing.
   *
   * @param keys in order
   * @param truncated whether more follow
   */
  record Page(List<String> keys, boolean truncated) {}

  /** The requests to a store. */
  interface Listing {
    /**
     * Lists keys.
     *
     * @param after an exclusive lower limit
     * @param prefix that the keys have
     */
    Page after(String after, String prefix) throws RequestException, InterruptedException;

    /** Returns whether an object exists. */
    boolean exists(String key) throws RequestException, InterruptedException;
  }

  /**
   * Returns those of the keys whose objects exist. A list request decides every key up to the last
   * one it returns; the next starts at the first undecided key, so there are never more requests
   * than keys, and usually one for the keys of a shard.
   *
   * @param keys of the objects
   * @param listing the requests
   */
  static Set<String> existing(Collection<String> keys, Listing listing)
      throws RequestException, InterruptedException {
    NavigableSet<String> open = new TreeSet<>(BY_BYTES);
    open.addAll(keys);
    Set<String> found = new HashSet<>();
    while (!open.isEmpty()) {
      if (open.size() <= FEW) {
        String key = open.pollFirst();
        if (listing.exists(key)) {
          found.add(key);
        }
        continue;
      }
      String first = open.first();
      // The limit is exclusive, so a prefix of the key.
      String after = first.substring(0, first.offsetByCodePoints(first.length(), -1));
      Page page = listing.after(after, commonPrefix(first, open.last()));
      for (String key : page.keys()) {
        if (open.contains(key)) {
          found.add(key);
        }
      }
      if (page.keys().isEmpty() || !page.truncated()) {
        return found;
      }
      String last = page.keys().get(page.keys().size() - 1);
      if (BY_BYTES.compare(last, first) < 0) {
        // A page full of other keys: a separate request finds the next key faster.
        last = first;
        if (listing.exists(last)) {
          found.add(last);
        }
      }
      open = new TreeSet<>(open.tailSet(last, false));
    }
    return found;
  }

  /** Returns the directory that two keys share, with a slash at its end; empty for none. */
  static String commonPrefix(String first, String last) {
    int n = 0;
    while (n < Math.min(first.length(), last.length()) && first.charAt(n) == last.charAt(n)) {
      n++;
    }
    return first.substring(0, first.lastIndexOf('/', n - 1) + 1);
  }
}

package dev.kiln.archive;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Counts the entries of a listing that were kept, and those that were skipped, by reason. */
public final class ListingStats {
  private final Map<String, Long> skipped = new TreeMap<>();
  private long kept;

  /** Counts one entry that was kept. */
  public void keep() {
    kept++;
  }

  /**
   * Counts one entry that was skipped.
   *
   * @param reason why, as printed
   */
  public void skip(String reason) {
    skip(reason, 1);
  }

  /**
   * Counts entries that were skipped.
   *
   * @param reason why, as printed
   * @param entries how many; a reason without entries is not listed
   */
  public void skip(String reason, long entries) {
    if (entries > 0) {
      skipped.merge(reason, entries, Long::sum);
    }
  }

  /**
   * Returns the number of entries kept.
   *
   * @return entries
   */
  public long kept() {
    return kept;
  }

  /**
   * Returns the number of skipped entries by reason.
   *
   * @return an unmodifiable snapshot, reasons in alphabetical order
   */
  public Map<String, Long> skipped() {
    return Collections.unmodifiableMap(new TreeMap<>(skipped));
  }

  /**
   * Returns the number of all entries.
   *
   * @return entries kept and skipped
   */
  public long total() {
    long total = kept;
    for (long count : skipped.values()) {
      total += count;
    }
    return total;
  }
}

package dev.kiln.archive;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** What was kept of a listing, and how many entries were left out for which reason. */
public final class ListingStats {
  private static final class Count {
    private long value;
  }

  private final Map<String, Count> skipped = new TreeMap<>();
  private long kept;

  /** Counts one entry that was kept. */
  public void keep() {
    kept++;
  }

  /** Counts one entry that was left out. */
  public void skip(String reason) {
    skip(reason, 1);
  }

  /** Counts {@code entries} that were left out for one reason; none leaves no trace. */
  public void skip(String reason, long entries) {
    if (entries > 0) {
      skipped.computeIfAbsent(reason, unseen -> new Count()).value += entries;
    }
  }

  /** Entries kept. */
  public long kept() {
    return kept;
  }

  /** Entries left out, by reason, in alphabetical order. */
  public Map<String, Long> skipped() {
    Map<String, Long> counts = new TreeMap<>();
    skipped.forEach((reason, count) -> counts.put(reason, count.value));
    return Collections.unmodifiableMap(counts);
  }

  /** Entries seen. */
  public long total() {
    long total = kept;
    for (Count count : skipped.values()) {
      total += count.value;
    }
    return total;
  }
}

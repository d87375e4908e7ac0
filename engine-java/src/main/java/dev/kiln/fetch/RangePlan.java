package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is to be fetched of one object. Ranges that lie near each other are joined, since a request
 * costs more than the few bytes between them; what is fetched for that alone stays below {@code
 * 1/}{@value #NEEDED_PER_WASTED} of what is needed.
 *
 * @param object the bytes land in
 * @param ranges ascending and apart
 * @param needed bytes that were asked for and not held already
 */
public record RangePlan(SparseObject object, List<ByteRange> ranges, long needed) {
  /** Beyond this a request of its own is quicker, even on a fast connection. */
  private static final long WIDEST_GAP = 256 << 10;

  private static final int NEEDED_PER_WASTED = 64;

  public RangePlan {
    ranges = List.copyOf(ranges);
  }

  static RangePlan of(SparseObject object, RangeSet needed) {
    return new RangePlan(object, join(needed), needed.bytes());
  }

  /** Bytes that will be fetched. */
  public long bytes() {
    return ranges.stream().mapToLong(ByteRange::length).sum();
  }

  /** Joins across the narrowest gaps first, as far as the waste allows. */
  private static List<ByteRange> join(RangeSet needed) {
    List<ByteRange> apart = needed.ranges();
    List<ByteRange> gaps = new ArrayList<>();
    for (int i = 1; i < apart.size(); i++) {
      gaps.add(ByteRange.between(apart.get(i - 1).end(), apart.get(i).offset()));
    }
    gaps.sort(Comparator.comparingLong(ByteRange::length));
    long left = needed.bytes() / NEEDED_PER_WASTED;
    RangeSet joined = new RangeSet(apart);
    for (ByteRange gap : gaps) {
      left -= gap.length();
      if (left < 0 || gap.length() > WIDEST_GAP) {
        break;
      }
      joined.add(gap);
    }
    return joined.ranges();
  }
}

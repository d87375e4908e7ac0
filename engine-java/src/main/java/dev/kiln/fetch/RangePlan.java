package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The ranges to fetch of one object. Ranges close to each other are joined, because a request costs
 * more than the few bytes between them; the bytes fetched only for that are at most {@code
 * 1/}{@value #NEEDED_PER_WASTED} of the needed ones.
 *
 * @param object that receives the bytes
 * @param ranges ascending and disjoint
 * @param needed number of requested bytes that the object did not hold yet
 */
public record RangePlan(SparseObject object, List<ByteRange> ranges, long needed) {
  /** Beyond this a separate request is faster, even on a fast connection. */
  private static final long MAX_GAP = 256 << 10;

  private static final int NEEDED_PER_WASTED = 64;

  /** Copies the list. */
  public RangePlan {
    ranges = List.copyOf(ranges);
  }

  /** Plans how to fetch the missing ranges of an object. */
  static RangePlan of(SparseObject object, RangeSet needed) {
    return new RangePlan(object, join(needed), needed.bytes());
  }

  /** {@return the number of bytes that will be fetched} */
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
      if (left < 0 || gap.length() > MAX_GAP) {
        break;
      }
      joined.add(gap);
    }
    return joined.ranges();
  }
}

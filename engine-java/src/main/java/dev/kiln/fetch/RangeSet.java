package dev.kiln.fetch;

import dev.kiln.memory.ByteRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Bytes of an object, as ranges that neither touch nor overlap. */
final class RangeSet {
  private final TreeMap<Long, Long> endByBegin = new TreeMap<>();

  RangeSet() {}

  RangeSet(Collection<ByteRange> ranges) {
    ranges.forEach(this::add);
  }

  /** Adds a range, joined with those that it touches. */
  void add(ByteRange range) {
    if (range.length() == 0) {
      return;
    }
    long begin = range.offset();
    long end = range.end();
    for (Map.Entry<Long, Long> met = endByBegin.floorEntry(end);
        met != null && met.getValue() >= begin;
        met = endByBegin.floorEntry(end)) {
      begin = Math.min(begin, met.getKey());
      end = Math.max(end, met.getValue());
      endByBegin.remove(met.getKey());
    }
    endByBegin.put(begin, end);
  }

  /** Removes a range, also parts of those that it overlaps. */
  void remove(ByteRange range) {
    if (range.length() == 0) {
      return;
    }
    for (Map.Entry<Long, Long> met = endByBegin.lowerEntry(range.end());
        met != null && met.getValue() > range.offset();
        met = endByBegin.lowerEntry(range.end())) {
      endByBegin.remove(met.getKey());
      if (met.getValue() > range.end()) {
        endByBegin.put(range.end(), met.getValue());
      }
      if (met.getKey() < range.offset()) {
        endByBegin.put(met.getKey(), range.offset());
      }
    }
  }

  /** Returns the parts of a range that are not in this set, ascending. */
  List<ByteRange> missing(ByteRange range) {
    List<ByteRange> missing = new ArrayList<>();
    long at = range.offset();
    Map.Entry<Long, Long> next = endByBegin.floorEntry(at);
    next = next == null ? endByBegin.ceilingEntry(at) : next;
    for (;
        next != null && next.getKey() < range.end();
        next = endByBegin.higherEntry(next.getKey())) {
      if (next.getKey() > at) {
        missing.add(ByteRange.between(at, next.getKey()));
      }
      at = Math.max(at, next.getValue());
    }
    if (at < range.end()) {
      missing.add(ByteRange.between(at, range.end()));
    }
    return missing;
  }

  /** Returns the ranges, ascending. */
  List<ByteRange> ranges() {
    return endByBegin.entrySet().stream()
        .map(e -> ByteRange.between(e.getKey(), e.getValue()))
        .toList();
  }

  /** Returns the number of bytes. */
  long bytes() {
    return endByBegin.entrySet().stream().mapToLong(e -> e.getValue() - e.getKey()).sum();
  }
}

package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.ByteRange;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangeSetTest {
  @Test
  void isASetOfBytes() {
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      RangeSet ranges = new RangeSet();
      BitSet bytes = new BitSet();
      for (int i = 0; i < 30; i++) {
        int from = random.nextInt(200);
        int length = random.nextInt(20);
        ranges.add(new ByteRange(from, length));
        bytes.set(from, from + length);
        if (random.nextInt(3) == 0) {
          ByteRange removed = new ByteRange(random.nextInt(200), random.nextInt(40));
          ranges.remove(removed);
          bytes.clear((int) removed.offset(), (int) removed.end());
        }
        ByteRange asked = new ByteRange(random.nextInt(200), random.nextInt(60));
        BitSet missing = new BitSet();
        missing.set((int) asked.offset(), (int) asked.end());
        missing.andNot(bytes);
        assertThat(bits(ranges.missing(asked))).isEqualTo(missing);
      }
      assertThat(bits(ranges.ranges())).isEqualTo(bytes);
      assertThat(ranges.bytes()).isEqualTo(bytes.cardinality());
      List<ByteRange> listed = ranges.ranges();
      for (int i = 1; i < listed.size(); i++) {
        assertThat(listed.get(i).offset()).isGreaterThan(listed.get(i - 1).end());
      }
    }
  }

  private static BitSet bits(List<ByteRange> ranges) {
    BitSet bits = new BitSet();
    ranges.forEach(range -> bits.set((int) range.offset(), (int) range.end()));
    return bits;
  }
}

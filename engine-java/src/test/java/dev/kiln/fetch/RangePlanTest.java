package dev.kiln.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangePlanTest {
  private static RangePlan plan(List<ByteRange> needed) {
    return RangePlan.of(null, new RangeSet(needed));
  }

  @Test
  void adjacentTilesAreOneRequest() {
    // As GDAL lays out tiles: 4 bytes before and after each.
    List<ByteRange> tiles = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      tiles.add(new ByteRange(100_000 + i * 500_008L, 500_000));
    }
    RangePlan plan = plan(tiles);
    assertThat(plan.ranges()).containsExactly(ByteRange.between(100_000, tiles.get(399).end()));
    assertThat(plan.needed()).isEqualTo(400 * 500_000L);
  }

  @Test
  void omittedTilesAreNotFetched() {
    List<ByteRange> tiles = new ArrayList<>();
    for (int i = 0; i < 121; i++) {
      if (i % 3 != 1) {
        tiles.add(new ByteRange(i * 1_200_000L, 1_200_000));
      }
    }
    RangePlan plan = plan(tiles);
    assertThat(plan.bytes()).isEqualTo(plan.needed());
    assertThat(plan.ranges()).hasSize(41);
  }

  @Test
  void unusedBytesAreLimited() {
    Random random = new Random(3);
    for (int round = 0; round < 500; round++) {
      List<ByteRange> needed = new ArrayList<>();
      long at = random.nextInt(1000);
      for (int i = 0; i < 1 + random.nextInt(100); i++) {
        int length = 1 + random.nextInt(300_000);
        needed.add(new ByteRange(at, length));
        at += length + (long) Math.pow(10, random.nextInt(7));
      }
      RangePlan plan = plan(needed);
      RangeSet fetched = new RangeSet(plan.ranges());
      needed.forEach(range -> assertThat(fetched.missing(range)).isEmpty());
      assertThat(plan.bytes()).isLessThanOrEqualTo((long) (plan.needed() * 1.02));
    }
  }

  @Test
  void emptyPlanHasNoRequests() {
    assertThat(plan(List.of()).ranges()).isEmpty();
    assertThat(plan(List.of(new ByteRange(5, 0))).bytes()).isZero();
  }
}

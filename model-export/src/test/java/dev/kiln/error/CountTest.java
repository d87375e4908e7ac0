package dev.kiln.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CountTest {
  @Test
  void oneIsSingularAndAllOtherNumbersArePlural() {
    assertThat(Count.of(1, "shard")).isEqualTo("1 shard");
    assertThat(Count.of(0, "shard")).isEqualTo("0 shards");
    assertThat(Count.of(1_048_576, "row")).isEqualTo("1,048,576 rows");
    assertThat(Count.of(1, "match", "matches")).isEqualTo("1 match");
    assertThat(Count.of(2, "match", "matches")).isEqualTo("2 matches");
  }
}

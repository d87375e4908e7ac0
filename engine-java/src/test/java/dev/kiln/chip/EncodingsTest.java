package dev.kiln.chip;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EncodingsTest {
  private static final Offset<Float> EXACT = Offset.offset(1e-6f);

  @ParameterizedTest
  @CsvSource({
    // ISO week 1 of 2021 begins on 4 January; the days before belong to week 53 of 2020.
    "2021-01-03T12:00:00Z, 53, 12",
    "2021-01-04T00:59:59Z, 1, 0",
    "2020-08-31T23:00:00Z, 36, 23",
  })
  void timeIsIsoWeekAndHourOfDay(String when, int week, int hour) {
    double w = week * 2 * Math.PI / 52;
    double h = hour * 2 * Math.PI / 24;
    assertThat(TimeEncoding.of(Instant.parse(when)))
        .containsExactly(
            new float[] {
              (float) Math.sin(w), (float) Math.cos(w), (float) Math.sin(h), (float) Math.cos(h)
            },
            EXACT);
  }

  @Test
  void latitudeIsFirstUnlessSwapped() {
    assertThat(LocationOrder.TRAINED.encode(90, 0))
        .containsExactly(new float[] {1, 0, 0, 1}, EXACT);
    assertThat(LocationOrder.SWAPPED.encode(90, 0))
        .containsExactly(new float[] {0, 1, 1, 0}, EXACT);
  }
}

package dev.kiln.chip;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;

/** Acquisition time in the form of the model's input. */
public final class TimeEncoding {
  private TimeEncoding() {}

  /**
   * {@return {@code [sin week, cos week, sin hour, cos hour]} with week = ISO week · 2π/52 and hour
   * = hour of the day in UTC · 2π/24}
   *
   * @param when time of acquisition, UTC
   */
  public static float[] of(Instant when) {
    ZonedDateTime utc = when.atZone(ZoneOffset.UTC);
    double week = utc.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR) * 2 * Math.PI / 52;
    double hour = utc.getHour() * 2 * Math.PI / 24;
    return new float[] {
      (float) Math.sin(week), (float) Math.cos(week), (float) Math.sin(hour), (float) Math.cos(hour)
    };
  }
}

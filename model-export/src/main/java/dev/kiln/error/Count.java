package dev.kiln.error;

import java.util.Locale;

/** Numbers of things, as people read them. */
public final class Count {
  private Count() {}

  /**
   * {@return a number and its noun, such as {@code 1 shard} or {@code 1,024 shards}}
   *
   * @param number of things
   * @param singular the noun for one of them, whose plural ends in s
   */
  public static String of(long number, String singular) {
    return of(number, singular, singular + "s");
  }

  /**
   * {@return a number and its noun, such as {@code 1 match} or {@code 2 matches}}
   *
   * @param number of things
   * @param singular the noun for one of them
   * @param plural the noun for any other number
   */
  public static String of(long number, String singular, String plural) {
    return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? singular : plural);
  }
}

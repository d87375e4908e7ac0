package dev.kiln.run;

import dev.kiln.archive.StoredOffset;
import dev.kiln.chip.RadiometricOffset;

/**
 * Decides whether the values of a Sentinel-2 scene have the offset of +1000 that was introduced in
 * 2022: by option, metadata and values.
 */
final class StoredOffsetRule {
  /** Values with an offset of +1000 are rarely lower than this. */
  private static final float LOWEST_WITH_OFFSET = 900;

  /** The offset was removed if more than this share of a band's values is lower. */
  private static final double CONTRADICTION = 0.1;

  /** The offset is present, without other evidence, if at most this share of a band is below it. */
  private static final double PROOF = 0.01;

  static final float OFFSET = 1000;

  private StoredOffsetRule() {}

  /**
   * Returns whether the values decide, and not the metadata.
   *
   * @param stated what the item states
   * @param values of some strips
   */
  static boolean isInDoubt(StoredOffset stated, SampledValues values) {
    return stated == StoredOffset.UNKNOWN
        || stated == StoredOffset.PROBABLE && isContradicted(values);
  }

  /**
   * Returns whether values have the offset, of a scene of a platform that does not state whether
   * its statistics have it, too.
   *
   * @param stated what the item states
   * @param values of some strips
   */
  static boolean isPresent(StoredOffset stated, SampledValues values) {
    return switch (stated) {
      case NONE -> false;
      case CERTAIN, PROBABLE -> !isContradicted(values);
      case UNKNOWN -> values.mostBelow(OFFSET) <= PROOF;
    };
  }

  private static boolean isContradicted(SampledValues values) {
    return values.mostBelow(LOWEST_WITH_OFFSET) > CONTRADICTION;
  }

  /**
   * Decides where scale and offset tags of the file state the offset.
   *
   * @param option of the user
   * @param decisions receives what is decided
   * @return what is added to every value: 0 or −1000
   */
  static int ofTags(RadiometricOffset option, SceneDecisions decisions) {
    boolean none = option == RadiometricOffset.NONE;
    String source = option == RadiometricOffset.AUTO ? "scale and offset tags" : "option";
    decisions.note("offset", "%s (%s)", none ? 0 : -1000, source);
    return none ? 0 : -1000;
  }

  /**
   * Decides.
   *
   * @param option of the user
   * @param stated what the item states
   * @param values of some strips
   * @param decisions receives what is decided
   * @return what is added to every value: 0 or −1000
   */
  static int decide(
      RadiometricOffset option,
      StoredOffset stated,
      SampledValues values,
      SceneDecisions decisions) {
    int offset = 0;
    boolean contradicted = isContradicted(values);
    boolean proved = values.mostBelow(OFFSET) <= PROOF;
    switch (option) {
      case NONE -> decisions.note("offset", "0 (option)");
      case MINUS_1000 -> {
        offset = -1000;
        decisions.note("offset", "-1000 (option)");
      }
      case AUTO -> {
        switch (stated) {
          case NONE -> {
            if (proved) {
              decisions.warn(
                  "offset", "0 (metadata), but no value is below 1000: check --radiometric-offset");
            }
          }
          case CERTAIN -> {
            offset = -1000;
            if (contradicted) {
              decisions.warn(
                  "offset",
                  "-1000 (collection), but many values are below 1000: check --radiometric-offset");
            } else {
              decisions.note("offset", "-1000 (collection)");
            }
          }
          case PROBABLE -> {
            offset = contradicted ? 0 : -1000;
            if (contradicted) {
              decisions.warn(
                  "offset",
                  "0 (values: many are below 1000, although the metadata state an offset)");
            } else {
              decisions.note("offset", "-1000 (processing baseline)");
            }
          }
          case UNKNOWN -> {
            offset = proved ? -1000 : 0;
            if (proved) {
              decisions.warn("offset", "-1000 (values: none is below 1000)");
            } else {
              decisions.note("offset", "0 (values: some are below 1000)");
            }
          }
        }
      }
    }
    return offset;
  }
}

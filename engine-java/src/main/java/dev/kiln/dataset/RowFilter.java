package dev.kiln.dataset;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.Mismatch;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Which rows of a dataset are wanted: those that meet every condition that is set. Row groups whose
 * statistics exclude every row are not read.
 *
 * @param area meets the footprint of the chip
 * @param from earliest time of the scene
 * @param to latest time of the scene
 * @param platforms names of platforms; empty for all
 * @param maxCloud largest share of cloud, 0 to 1
 * @param maxNodata largest share of pixels without data, 0 to 1
 * @param chipIds ids of chips; empty for all
 */
public record RowFilter(
    Optional<AreaOfInterest> area,
    Optional<Instant> from,
    Optional<Instant> to,
    Set<String> platforms,
    OptionalDouble maxCloud,
    OptionalDouble maxNodata,
    Set<String> chipIds) {

  /** Copies the sets and checks the shares. */
  public RowFilter {
    platforms = Set.copyOf(platforms);
    chipIds = Set.copyOf(chipIds);
    requireShare("largest share of cloud", maxCloud);
    requireShare("largest share without data", maxNodata);
  }

  private static void requireShare(String name, OptionalDouble share) {
    if (share.isPresent() && !(share.getAsDouble() >= 0 && share.getAsDouble() <= 1)) {
      throw new IllegalArgumentException(
          Mismatch.of(name, "a fraction from 0 to 1", share.getAsDouble()));
    }
  }

  /** {@return a filter that every row meets} */
  public static RowFilter all() {
    return builder().build();
  }

  /** {@return whether every row meets the filter} */
  public boolean isAll() {
    return equals(all());
  }

  /** {@return a builder of a filter that every row meets} */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the earliest time in microseconds since 1970. */
  long fromMicros() {
    return from.map(RowFilter::micros).orElse(Long.MIN_VALUE);
  }

  /** Returns the latest time in microseconds since 1970. */
  long toMicros() {
    return to.map(RowFilter::micros).orElse(Long.MAX_VALUE);
  }

  private static long micros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }

  /** Builds a {@link RowFilter}; what is not set excludes no row. */
  public static final class Builder {
    private Optional<AreaOfInterest> area = Optional.empty();
    private Optional<Instant> from = Optional.empty();
    private Optional<Instant> to = Optional.empty();
    private Set<String> platforms = Set.of();
    private OptionalDouble maxCloud = OptionalDouble.empty();
    private OptionalDouble maxNodata = OptionalDouble.empty();
    private Set<String> chipIds = Set.of();

    private Builder() {}

    /**
     * Sets the area that footprints must meet.
     *
     * @param wanted an area, whose rim belongs to it
     * @return this builder
     */
    public Builder area(AreaOfInterest wanted) {
      this.area = Optional.of(wanted);
      return this;
    }

    /**
     * Sets the earliest time.
     *
     * @param earliest time, included
     * @return this builder
     */
    public Builder from(Instant earliest) {
      this.from = Optional.of(earliest);
      return this;
    }

    /**
     * Sets the latest time.
     *
     * @param latest time, included
     * @return this builder
     */
    public Builder to(Instant latest) {
      this.to = Optional.of(latest);
      return this;
    }

    /**
     * Sets the names of the platforms; empty for all.
     *
     * @param names such as {@code naip}
     * @return this builder
     */
    public Builder platforms(Set<String> names) {
      this.platforms = names;
      return this;
    }

    /**
     * Sets the largest share of cloud, 0 to 1.
     *
     * @param share fraction of the chip's pixels
     * @return this builder
     */
    public Builder maxCloud(double share) {
      this.maxCloud = OptionalDouble.of(share);
      return this;
    }

    /**
     * Sets the largest share of pixels without data, 0 to 1.
     *
     * @param share fraction of the chip's pixels
     * @return this builder
     */
    public Builder maxNodata(double share) {
      this.maxNodata = OptionalDouble.of(share);
      return this;
    }

    /**
     * Sets the ids of the chips; empty for all.
     *
     * @param ids as in the column {@code chip_id}
     * @return this builder
     */
    public Builder chipIds(Set<String> ids) {
      this.chipIds = ids;
      return this;
    }

    /** {@return the filter} */
    public RowFilter build() {
      return new RowFilter(area, from, to, platforms, maxCloud, maxNodata, chipIds);
    }
  }
}

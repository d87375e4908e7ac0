package dev.kiln.dataset;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.error.Mismatch;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.locationtech.jts.geom.Envelope;

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

  /** {@return the filter, prepared for the test of many rows} */
  public Test test() {
    return new Test(this);
  }

  /** What a filter needs to know of a row. Only what it tests is asked for. */
  public interface Row {
    /** {@return the id of the chip} */
    String chipId();

    /** {@return the platform; empty if unknown} */
    String platform();

    /** {@return the time in microseconds since 1970; {@link EmbeddingBatch#NO_TIME} without one} */
    long micros();

    /** {@return the share of cloud, 0 to 1; NaN if unknown} */
    float cloud();

    /** {@return the share of pixels without data, 0 to 1; NaN if unknown} */
    float nodata();

    /** {@return the box in degrees} */
    Envelope box();
  }

  /** A filter that is prepared for many rows. Safe for use by several threads. */
  public static final class Test {
    private final RowFilter filter;
    private final boolean timed;
    private final long from;
    private final long to;
    private final double maxCloud;
    private final double maxNodata;

    private Test(RowFilter filter) {
      this.filter = filter;
      this.timed = filter.from.isPresent() || filter.to.isPresent();
      this.from = filter.from.map(Test::micros).orElse(Long.MIN_VALUE);
      this.to = filter.to.map(Test::micros).orElse(Long.MAX_VALUE);
      this.maxCloud = filter.maxCloud.orElse(Double.NaN);
      this.maxNodata = filter.maxNodata.orElse(Double.NaN);
    }

    /** Returns microseconds since 1970, at most what a file can store. */
    private static long micros(Instant time) {
      try {
        return Math.addExact(
            Math.multiplyExact(time.getEpochSecond(), 1_000_000L), time.getNano() / 1000);
      } catch (ArithmeticException e) {
        return time.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
      }
    }

    long fromMicros() {
      return from;
    }

    long toMicros() {
      return to;
    }

    /**
     * {@return whether a row meets all conditions, of its area only by its box}
     *
     * @param row to test
     */
    public boolean meets(Row row) {
      return meetsTime(row)
          // An unknown share is not known to be low.
          && (filter.maxCloud.isEmpty() || row.cloud() <= maxCloud)
          && (filter.maxNodata.isEmpty() || row.nodata() <= maxNodata)
          && (filter.area.isEmpty() || filter.area.get().mayIntersect(row.box()))
          && (filter.platforms.isEmpty() || filter.platforms.contains(row.platform()))
          && (filter.chipIds.isEmpty() || filter.chipIds.contains(row.chipId()));
    }

    private boolean meetsTime(Row row) {
      if (!timed) {
        return true;
      }
      long micros = row.micros();
      return micros != EmbeddingBatch.NO_TIME && micros >= from && micros <= to;
    }
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

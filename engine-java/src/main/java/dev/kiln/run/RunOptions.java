package dev.kiln.run;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * Options that decide how a run uses the machine. None of them changes a byte of the output.
 *
 * @param fetchThreads scenes fetched concurrently
 * @param fetchMemory limit on the bytes of fetched scenes held at once
 * @param decodeThreads scenes decoded concurrently
 * @param inflateThreads threads that inflate the tiles of one scene
 * @param queuedStrips decoded strips that may wait for the encoder
 * @param slots batches in flight: one fills, one computes, one drains
 * @param overwrite whether scenes are embedded again although their output exists
 * @param verifyExisting whether model and options of every existing file are checked instead of
 *     those of a sample
 * @param attempts attempts per scene for transient errors
 * @param pricePerHour price of the machine, for the report
 * @param stallLimit a run without progress for this long is ended
 */
public record RunOptions(
    int fetchThreads,
    long fetchMemory,
    int decodeThreads,
    int inflateThreads,
    int queuedStrips,
    int slots,
    boolean overwrite,
    boolean verifyExisting,
    int attempts,
    OptionalDouble pricePerHour,
    Duration stallLimit) {

  /** {@return the default options} */
  public static RunOptions defaults() {
    return builder().build();
  }

  /** {@return a builder that starts from the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link RunOptions}; what is not set keeps its default. */
  public static final class Builder {
    private int fetchThreads = 2;
    private long fetchMemory = 2_048_000_000L;
    private int decodeThreads = 1;
    private int inflateThreads = Runtime.getRuntime().availableProcessors();
    // Strips are large: a longer queue costs memory and gains nothing.
    private int queuedStrips = 2;
    private int slots = 3;
    private boolean overwrite;
    private boolean verifyExisting;
    private int attempts = 4;
    private OptionalDouble pricePerHour = OptionalDouble.empty();
    private Duration stallLimit = Duration.ofMinutes(15);

    private Builder() {}

    /**
     * Sets how many scenes are fetched concurrently.
     *
     * @param threads at least 1
     * @return this builder
     */
    public Builder fetchThreads(int threads) {
      this.fetchThreads = threads;
      return this;
    }

    /**
     * Sets the limit on the bytes of fetched scenes held at once.
     *
     * @param bytes at least 1
     * @return this builder
     */
    public Builder fetchMemory(long bytes) {
      this.fetchMemory = bytes;
      return this;
    }

    /**
     * Sets how many scenes are decoded concurrently.
     *
     * @param threads at least 1
     * @return this builder
     */
    public Builder decodeThreads(int threads) {
      this.decodeThreads = threads;
      return this;
    }

    /**
     * Sets the threads that inflate the tiles of one scene; the default is every processor.
     *
     * @param threads at least 1
     * @return this builder
     */
    public Builder inflateThreads(int threads) {
      this.inflateThreads = threads;
      return this;
    }

    /**
     * Sets how many decoded strips may wait for the encoder.
     *
     * @param strips at least 1
     * @return this builder
     */
    public Builder queuedStrips(int strips) {
      this.queuedStrips = strips;
      return this;
    }

    /**
     * Sets how many batches are in flight.
     *
     * @param batches at least 1
     * @return this builder
     */
    public Builder slots(int batches) {
      this.slots = batches;
      return this;
    }

    /**
     * Sets whether scenes are embedded again although their output exists.
     *
     * @param again whether existing files are replaced
     * @return this builder
     */
    public Builder overwrite(boolean again) {
      this.overwrite = again;
      return this;
    }

    /**
     * Sets whether every existing file is checked instead of a sample.
     *
     * @param every whether all files are checked
     * @return this builder
     */
    public Builder verifyExisting(boolean every) {
      this.verifyExisting = every;
      return this;
    }

    /**
     * Sets the attempts per scene for transient errors.
     *
     * @param count at least 1
     * @return this builder
     */
    public Builder attempts(int count) {
      this.attempts = count;
      return this;
    }

    /**
     * Sets the price of the machine per hour, for the report.
     *
     * @param price US dollars per hour
     * @return this builder
     */
    public Builder pricePerHour(double price) {
      this.pricePerHour = OptionalDouble.of(price);
      return this;
    }

    /**
     * Sets how long a run may go without progress before it is ended.
     *
     * @param limit without progress
     * @return this builder
     */
    public Builder stallLimit(Duration limit) {
      this.stallLimit = limit;
      return this;
    }

    /** {@return the options} */
    public RunOptions build() {
      return new RunOptions(
          fetchThreads,
          fetchMemory,
          decodeThreads,
          inflateThreads,
          queuedStrips,
          slots,
          overwrite,
          verifyExisting,
          attempts,
          pricePerHour,
          stallLimit);
    }
  }
}

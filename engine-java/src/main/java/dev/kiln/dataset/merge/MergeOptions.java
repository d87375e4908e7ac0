package dev.kiln.dataset.merge;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How outputs are merged. What decides the bytes of the dataset and is not set is taken from the
 * dataset if it exists.
 *
 * @param cellDegrees edge of a cell, one of {@link CellGrid#SIZES}; by default chosen for each
 *     platform so that the largest partition has about 1 GB
 * @param fileBytes size that files aim at
 * @param rowGroupRows largest number of rows of a row group
 * @param duplicates which of several chips of the same place are kept
 * @param allowMixed whether files of several models, precisions or dimensions are merged, each into
 *     partitions of its own
 * @param removeMissing whether rows of scenes that are no longer in the outputs are removed
 * @param threads cells merged at once
 * @param sortMemory limit in bytes on the rows that each thread holds in memory to sort
 * @param scratch directory for temporary files; by default in the dataset if that is a directory of
 *     this machine, else {@code java.io.tmpdir}
 */
public record MergeOptions(
    OptionalDouble cellDegrees,
    OptionalLong fileBytes,
    OptionalInt rowGroupRows,
    Optional<String> duplicates,
    boolean allowMixed,
    boolean removeMissing,
    int threads,
    int sortMemory,
    Optional<Path> scratch) {

  /** Returns the default options. */
  public static MergeOptions defaults() {
    return builder().build();
  }

  /** Returns a builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link MergeOptions}; what is not set keeps its default. */
  public static final class Builder {
    private OptionalDouble cellDegrees = OptionalDouble.empty();
    private OptionalLong fileBytes = OptionalLong.empty();
    private OptionalInt rowGroupRows = OptionalInt.empty();
    private Optional<String> duplicates = Optional.empty();
    private boolean allowMixed;
    private boolean removeMissing;
    private int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
    private int sortMemory = 256 << 20;
    private Optional<Path> scratch = Optional.empty();

    private Builder() {}

    /** Sets the edge of a cell in degrees. */
    public Builder cellDegrees(double degrees) {
      this.cellDegrees = OptionalDouble.of(degrees);
      return this;
    }

    /** Sets the size that files aim at. */
    public Builder fileBytes(long bytes) {
      this.fileBytes = OptionalLong.of(bytes);
      return this;
    }

    /** Sets the largest number of rows of a row group. */
    public Builder rowGroupRows(int rows) {
      this.rowGroupRows = OptionalInt.of(rows);
      return this;
    }

    /**
     * Sets which chips of the same place are kept: {@code keep}, {@code newest}, {@code clearest}.
     */
    public Builder duplicates(String policy) {
      this.duplicates = Optional.of(policy);
      return this;
    }

    /** Sets whether files of several models, precisions or dimensions are merged. */
    public Builder allowMixed(boolean allowed) {
      this.allowMixed = allowed;
      return this;
    }

    /** Sets whether rows of scenes that are no longer in the outputs are removed. */
    public Builder removeMissing(boolean remove) {
      this.removeMissing = remove;
      return this;
    }

    /** Sets how many cells are merged at once. */
    public Builder threads(int count) {
      this.threads = count;
      return this;
    }

    /** Sets the memory that each thread sorts in. */
    public Builder sortMemory(int bytes) {
      this.sortMemory = bytes;
      return this;
    }

    /** Sets the directory for temporary files. */
    public Builder scratch(Path directory) {
      this.scratch = Optional.of(directory);
      return this;
    }

    /** Returns the options. */
    public MergeOptions build() {
      return new MergeOptions(
          cellDegrees,
          fileBytes,
          rowGroupRows,
          duplicates,
          allowMixed,
          removeMissing,
          threads,
          sortMemory,
          scratch);
    }
  }
}

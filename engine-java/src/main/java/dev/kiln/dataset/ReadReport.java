package dev.kiln.dataset;

import java.util.List;

/**
 * What a pass over a dataset read.
 *
 * @param files number of files that were opened
 * @param rows number of rows in their row groups, wanted or not
 * @param delivered number of rows that were delivered
 * @param rowGroups number of row groups
 * @param skippedRowGroups number of row groups that were not read because of their statistics
 * @param notFinite number of wanted rows that were left out because their vector is missing or has
 *     a value that is not finite
 * @param bytesRead bytes of files that were read
 * @param faults files that could not be read, sorted by key
 */
public record ReadReport(
    int files,
    long rows,
    long delivered,
    long rowGroups,
    long skippedRowGroups,
    long notFinite,
    long bytesRead,
    List<FileFault> faults) {

  /** Copies the faults. */
  public ReadReport {
    faults = List.copyOf(faults);
  }
}

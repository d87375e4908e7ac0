package dev.kiln.dataset.merge;

import dev.kiln.dataset.FileFault;
import dev.kiln.error.ExitCode;
import java.util.List;
import java.util.Locale;

/**
 * What a merge did.
 *
 * @param files of the outputs, those without rows included
 * @param emptyFiles without rows
 * @param cells partitions of this job
 * @param unchanged partitions that were complete already
 * @param kept partitions that keep the rows of files that cannot be read now
 * @param rows in the partitions of this job
 * @param duplicates rows left out because of a preferred row of the same place
 * @param notFinite rows left out because a value is NaN or infinite
 * @param outputFiles files of the partitions of this job
 * @param outputBytes their size
 * @param faults files that were left out
 * @param seconds that the merge took
 */
public record MergeReport(
    long files,
    long emptyFiles,
    long cells,
    long unchanged,
    long kept,
    long rows,
    long duplicates,
    long notFinite,
    long outputFiles,
    long outputBytes,
    List<FileFault> faults,
    double seconds) {

  /** Returns the exit code of the process. */
  public ExitCode exitCode() {
    return faults.isEmpty() && notFinite == 0 ? ExitCode.DONE : ExitCode.SCENES_FAILED;
  }

  /** Returns the report in one line for the log. */
  public String summary() {
    return String.format(
        Locale.ROOT,
        "merged: rows=%d files=%d empty=%d failed=%d cells=%d unchanged=%d kept=%d duplicates=%d"
            + " not_finite=%d output_files=%d output_bytes=%d seconds=%.1f",
        rows,
        files,
        emptyFiles,
        faults.size(),
        cells,
        unchanged,
        kept,
        duplicates,
        notFinite,
        outputFiles,
        outputBytes,
        seconds);
  }
}

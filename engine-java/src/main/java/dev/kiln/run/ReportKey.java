package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** Keys of the reports of runs, which are stored in the output beside the files. */
public final class ReportKey {
  /** Kiln's own directory in every output. */
  public static final String DIRECTORY = "_kiln";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private static final DateTimeFormatter ATTEMPT_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

  private ReportKey() {}

  /**
   * {@return the key of a shard's report}
   *
   * @param run name that distinguishes runs into one output; null for the run without a name
   * @param shard index of the shard; empty for the whole list
   * @throws ConfigurationException if the name is not valid for a directory
   */
  public static String of(String run, OptionalInt shard) {
    String file = shard.isPresent() ? "shard-%05d.json".formatted(shard.getAsInt()) : "run.json";
    return directory(run) + "/" + file;
  }

  /**
   * Returns the key of the report of one attempt: no other attempt overwrites it.
   *
   * @param reportKey key of the shard, as {@link #of} returns it
   */
  static String ofAttempt(String reportKey, Attempt attempt) {
    return "%s-%s-%d.json"
        .formatted(
            reportKey.replaceAll("\\.json$", ""),
            ATTEMPT_TIME.format(attempt.started()),
            attempt.process());
  }

  /**
   * {@return the directory with the reports of a run}
   *
   * @param run its name, or null
   * @throws ConfigurationException if the name is not valid for a directory
   */
  public static String directory(String run) {
    if (run == null) {
      return DIRECTORY;
    }
    if (!NAME.matcher(run).matches()) {
      throw new ConfigurationException(
          "--run-name: expected letters, digits, dots, dashes and underscores, found " + run);
    }
    return DIRECTORY + "/" + run;
  }
}

package dev.kiln.run;

import dev.kiln.error.ConfigurationException;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** Where the reports of runs lie in the output, beside the files. */
public final class ReportKey {
  /** Kiln's own folder in every output. */
  public static final String FOLDER = "_kiln";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private ReportKey() {}

  /**
   * The key of a shard's report.
   *
   * @param run sets runs into one output apart; null for the one that has no name
   * @param shard its index; empty for the whole list
   * @throws ConfigurationException if the name cannot be a folder's
   */
  public static String of(String run, OptionalInt shard) {
    String file = shard.isPresent() ? "shard-%05d.json".formatted(shard.getAsInt()) : "run.json";
    return folder(run) + "/" + file;
  }

  /** The folder that holds the reports of a run. */
  public static String folder(String run) {
    if (run == null) {
      return FOLDER;
    }
    if (!NAME.matcher(run).matches()) {
      throw new ConfigurationException(
          "--run-name " + run + ": letters, digits, dots, dashes and underscores expected");
    }
    return FOLDER + "/" + run;
  }
}

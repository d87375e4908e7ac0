package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The part of a scene list that one job of an array embeds. The parts are contiguous slices that
 * cover the list exactly once. A job without an index embeds the whole list; a job whose index is
 * beyond the list embeds nothing, and succeeds.
 */
public final class Shard {
  /** Default number of scenes per job. */
  public static final int DEFAULT_ITEMS_PER_JOB = 100;

  /** Variables with the index of a job: AWS Batch, Kubernetes, Slurm, Google Batch. */
  static final List<String> INDEX_VARIABLES =
      List.of(
          "AWS_BATCH_JOB_ARRAY_INDEX",
          "JOB_COMPLETION_INDEX",
          "SLURM_ARRAY_TASK_ID",
          "BATCH_TASK_INDEX");

  /**
   * Options of the command line; null if not given.
   *
   * @param index {@code --index}
   * @param itemsPerJob {@code --items-per-job}
   * @param shards {@code --shards}
   * @param firstIndex {@code --first-index}
   */
  public record Options(String index, String itemsPerJob, String shards, String firstIndex) {
    /**
     * Creates options without {@code --first-index}.
     *
     * @param index {@code --index}
     * @param itemsPerJob {@code --items-per-job}
     * @param shards {@code --shards}
     */
    public Options(String index, String itemsPerJob, String shards) {
      this(index, itemsPerJob, shards, null);
    }
  }

  /**
   * The scenes in [from, to), counted from 0.
   *
   * @param from first scene
   * @param to the scene after the last
   */
  public record Slice(long from, long to) {
    /**
     * Returns the number of scenes.
     *
     * @return scenes
     */
    public long size() {
      return to - from;
    }
  }

  private enum Division {
    ITEMS_PER_JOB,
    SHARDS
  }

  private final OptionalInt index;
  private final String indexFrom;
  private final Division division;
  private final int parts;

  private Shard(OptionalInt index, String indexFrom, Division division, int parts) {
    this.index = index;
    this.indexFrom = indexFrom;
    this.division = division;
    this.parts = parts;
  }

  /**
   * Returns the shard that is the whole list.
   *
   * @return a shard without an index
   */
  public static Shard whole() {
    return new Shard(OptionalInt.empty(), "", Division.ITEMS_PER_JOB, DEFAULT_ITEMS_PER_JOB);
  }

  /**
   * Reads the shard from options, or else from the environment.
   *
   * @param env environment of the process
   * @param options of the command line
   * @return the shard
   * @throws ConfigurationException if a value is not a number or out of range, or both divisions
   *     are given; the message has the option or variable
   */
  public static Shard resolve(Map<String, String> env, Options options) {
    String indexFrom = "--index";
    String indexText = options.index();
    for (String variable : INDEX_VARIABLES) {
      if (indexText == null && given(env.get(variable))) {
        indexFrom = variable;
        indexText = env.get(variable);
      }
    }
    OptionalInt index =
        indexText == null
            ? OptionalInt.empty()
            : OptionalInt.of(
                index(
                    number(indexFrom, indexText, 0, "the job's index, 0 or more"),
                    options.firstIndex()));
    if (options.shards() != null && options.itemsPerJob() != null) {
      throw new ConfigurationException("expected --shards or --items-per-job, found both");
    }
    if (options.shards() != null) {
      int shards = number("--shards", options.shards(), 1, "a number of shards, 1 or more");
      return new Shard(index, indexFrom, Division.SHARDS, shards);
    }
    String itemsFrom = options.itemsPerJob() != null ? "--items-per-job" : "ITEMS_PER_JOB";
    String itemsText =
        options.itemsPerJob() != null ? options.itemsPerJob() : env.get("ITEMS_PER_JOB");
    int items =
        given(itemsText)
            ? number(itemsFrom, itemsText, 1, "a number of scenes, 1 or more")
            : DEFAULT_ITEMS_PER_JOB;
    return new Shard(index, indexFrom, Division.ITEMS_PER_JOB, items);
  }

  /**
   * Returns the job's index in the list.
   *
   * @return empty for the whole list
   */
  public OptionalInt index() {
    return index;
  }

  /** Returns whether {@link #slice} depends on the length of the list, which is then read twice. */
  boolean needsTotal() {
    return index.isPresent() && division == Division.SHARDS;
  }

  /**
   * Returns the slice of a list.
   *
   * @param total number of scenes in the list
   * @return the slice; empty, at the end of the list, if the index is beyond it
   */
  public Slice slice(long total) {
    if (index.isEmpty()) {
      return new Slice(0, total);
    }
    long i = index.getAsInt();
    if (division == Division.ITEMS_PER_JOB) {
      return new Slice(Math.min(i * parts, total), Math.min((i + 1) * parts, total));
    }
    return i >= parts ? new Slice(total, total) : new Slice(part(total, i), part(total, i + 1));
  }

  /** Returns {@code total · i / parts}, without overflow of the product. */
  private long part(long total, long i) {
    return total / parts * i + total % parts * i / parts;
  }

  /**
   * Describes the slice in one line for the log.
   *
   * @param total number of scenes in the list
   * @return the scenes, the division and where the index is from
   */
  public String describe(long total) {
    if (index.isEmpty()) {
      return "all " + total + " scenes (no array index is set)";
    }
    String cut =
        division == Division.SHARDS
            ? index.getAsInt() + " of " + parts + " shards"
            : "index " + index.getAsInt() + ", " + parts + " scenes per job";
    Slice slice = slice(total);
    String scenes =
        slice.size() == 0
            ? "no scenes of " + total + ": the index is beyond the list"
            : "scenes " + slice.from() + " to " + (slice.to() - 1) + " of " + total;
    return scenes + " (" + cut + ", from " + indexFrom + ")";
  }

  /** A list that is too long for one array has several, each of which counts from 0. */
  private static int index(int inArray, String firstIndex) {
    int first =
        firstIndex == null
            ? 0
            : number("--first-index", firstIndex, 0, "the index of the array's first job");
    if (inArray > Integer.MAX_VALUE - first) {
      throw new ConfigurationException("--first-index " + firstIndex + ": too large");
    }
    return first + inArray;
  }

  private static boolean given(String text) {
    return text != null && !text.isBlank();
  }

  private static int number(String from, String text, int least, String expected) {
    int value;
    try {
      value = Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      throw new ConfigurationException(
          from + ": expected " + expected + ", found '" + text + "'", e);
    }
    if (value < least) {
      throw new ConfigurationException(from + ": expected " + expected + ", found " + text);
    }
    return value;
  }
}

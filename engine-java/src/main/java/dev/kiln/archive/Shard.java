package dev.kiln.archive;

import dev.kiln.error.ConfigurationException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Which part of a scene list one job of an array takes: contiguous slices that together cover the
 * list exactly once. Without an index a job takes the whole list; with one beyond the list it takes
 * nothing, which is no error.
 */
public final class Shard {
  /** Scenes a job takes unless it is told otherwise. */
  public static final int DEFAULT_ITEMS_PER_JOB = 100;

  /** Where array schedulers put a job's index: AWS Batch, Kubernetes, Slurm, Google Batch. */
  static final List<String> INDEX_VARIABLES =
      List.of(
          "AWS_BATCH_JOB_ARRAY_INDEX",
          "JOB_COMPLETION_INDEX",
          "SLURM_ARRAY_TASK_ID",
          "BATCH_TASK_INDEX");

  /**
   * What the command line says; null where it says nothing.
   *
   * @param index {@code --index}
   * @param itemsPerJob {@code --items-per-job}
   * @param shards {@code --shards}
   * @param firstIndex {@code --first-index}
   */
  public record Options(String index, String itemsPerJob, String shards, String firstIndex) {
    /** Without {@code --first-index}. */
    public Options(String index, String itemsPerJob, String shards) {
      this(index, itemsPerJob, shards, null);
    }
  }

  /**
   * Scenes {@code from} (counted from 0) up to, not including, {@code to}.
   *
   * @param from first scene
   * @param to the scene after the last
   */
  public record Slice(long from, long to) {
    /** Number of scenes. */
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

  /** The whole list. */
  public static Shard whole() {
    return new Shard(OptionalInt.empty(), "", Division.ITEMS_PER_JOB, DEFAULT_ITEMS_PER_JOB);
  }

  /**
   * Finds the shard from options, then from the environment.
   *
   * @param env the process's environment
   * @throws ConfigurationException if a number is none, is negative, or both divisions are asked
   *     for; names the option or variable
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
      throw new ConfigurationException(
          "--shards and --items-per-job both say how the list is cut: give one of them");
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

  /** The job's index; empty for the whole list. */
  public OptionalInt index() {
    return index;
  }

  /** Whether {@link #slice} depends on the list's length, so that the list is read twice. */
  boolean needsTotal() {
    return index.isPresent() && division == Division.SHARDS;
  }

  /**
   * The slice of a list of {@code total} scenes.
   *
   * @return an empty slice at the list's end if the index lies beyond it
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

  /** {@code total · i / parts}, without the product's overflow. */
  private long part(long total, long i) {
    return total / parts * i + total % parts * i / parts;
  }

  /** One line for the log: which scenes of how many, and why these. */
  public String describe(long total) {
    if (index.isEmpty()) {
      return "all " + total + " scenes (no array index is set)";
    }
    String cut =
        division == Division.SHARDS
            ? index.getAsInt() + " of " + parts + " shards"
            : "index " + index.getAsInt() + ", " + parts + " scenes a job";
    Slice slice = slice(total);
    String scenes =
        slice.size() == 0
            ? "no scenes of " + total + ", the index lies beyond the list"
            : "scenes " + slice.from() + " to " + (slice.to() - 1) + " of " + total;
    return scenes + " (" + cut + ", from " + indexFrom + ")";
  }

  /** A list too long for one array goes to several, each of which counts from 0. */
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

package dev.kiln.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardTest {
  private static Shard shard(String index, String itemsPerJob, String shards) {
    return Shard.resolve(Map.of(), new Shard.Options(index, itemsPerJob, shards));
  }

  @Test
  void slicesCoverEveryListExactlyOnce() {
    SplittableRandom random = new SplittableRandom(20240311);
    for (int round = 0; round < 60; round++) {
      int total = round < 5 ? round : random.nextInt(1_300_001);
      int jobs = 1 + random.nextInt(10_000);
      int items = Math.max(1, (total + jobs - 1) / jobs);
      assertCovers(total, jobs, String.valueOf(jobs), null);
      assertCovers(total, (total + items - 1) / items, null, String.valueOf(items));
    }
    assertCovers(1_300_000, 10_000, "10000", null);
    assertCovers(1_299_999, 10_000, null, "130");
  }

  /** Checks all jobs of an array; the job after the last has no scenes. */
  private static void assertCovers(int total, int jobs, String shards, String items) {
    long next = 0;
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int job = 0; job < jobs; job++) {
      Shard.Slice slice = shard(String.valueOf(job), items, shards).slice(total);
      assertThat(slice.from()).isEqualTo(next);
      assertThat(slice.to()).isBetween(slice.from(), (long) total);
      next = slice.to();
      least = Math.min(least, slice.size());
      most = Math.max(most, slice.size());
    }
    assertThat(next).isEqualTo(total);
    if (shards != null) {
      assertThat(most - least).isLessThanOrEqualTo(1);
    }
    assertThat(shard(String.valueOf(jobs), items, shards).slice(total))
        .isEqualTo(new Shard.Slice(total, total));
  }

  @Test
  void arraysOfOneListAreContiguous() {
    Shard.Options second = new Shard.Options("7", "10", null, "10000");
    assertThat(Shard.resolve(Map.of(), second).slice(200_000))
        .isEqualTo(new Shard.Slice(100_070, 100_080));
    Shard fromScheduler =
        Shard.resolve(
            Map.of("AWS_BATCH_JOB_ARRAY_INDEX", "3"), new Shard.Options(null, null, null, "5"));
    assertThat(fromScheduler.index()).hasValue(8);
    // Without an index, the shard is the whole list.
    assertThat(Shard.resolve(Map.of(), new Shard.Options(null, null, null, "5")).index()).isEmpty();
    assertThatThrownBy(
            () -> Shard.resolve(Map.of(), new Shard.Options("1", null, null, "2147483647")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--first-index 2147483647: too large");
    assertThatThrownBy(() -> Shard.resolve(Map.of(), new Shard.Options("1", null, null, "-1")))
        .hasMessageContaining("--first-index: expected the index of the array's first job");
  }

  @Test
  void defaultIsOneHundredScenesPerJob() {
    assertThat(shard("3", null, null).slice(1000)).isEqualTo(new Shard.Slice(300, 400));
    assertThat(shard("3", null, null).slice(350)).isEqualTo(new Shard.Slice(300, 350));
  }

  @Test
  void withoutAnIndexTheShardIsTheWholeList() {
    Shard shard = shard(null, "10", null);

    assertThat(shard.index()).isEmpty();
    assertThat(shard.slice(1234)).isEqualTo(new Shard.Slice(0, 1234));
    assertThat(shard.describe(1234)).isEqualTo("all 1234 scenes (no array index is set)");
  }

  @Test
  void indexBeyondTheListHasNoScenes() {
    Shard shard = shard("7", "100", null);

    assertThat(shard.slice(650).size()).isZero();
    assertThat(shard.describe(650))
        .isEqualTo(
            "no scenes of 650: the index is beyond the list"
                + " (index 7, 100 scenes per job, from --index)");
    assertThat(shard("2147483647", "2147483647", null).slice(5)).isEqualTo(new Shard.Slice(5, 5));
  }

  @Test
  void optionPrecedesTheVariablesOfSchedulers() {
    Map<String, String> env = new HashMap<>();
    env.put("BATCH_TASK_INDEX", "4");
    Shard.Options none = new Shard.Options(null, null, null);
    assertThat(Shard.resolve(env, none).index()).isEqualTo(OptionalInt.of(4));
    env.put("SLURM_ARRAY_TASK_ID", "3");
    assertThat(Shard.resolve(env, none).index()).isEqualTo(OptionalInt.of(3));
    env.put("JOB_COMPLETION_INDEX", "2");
    assertThat(Shard.resolve(env, none).index()).isEqualTo(OptionalInt.of(2));
    env.put("AWS_BATCH_JOB_ARRAY_INDEX", " 1 ");
    assertThat(Shard.resolve(env, none).index()).isEqualTo(OptionalInt.of(1));
    assertThat(Shard.resolve(env, none).describe(900))
        .isEqualTo(
            "scenes 100 to 199 of 900 (index 1, 100 scenes per job, from"
                + " AWS_BATCH_JOB_ARRAY_INDEX)");
    assertThat(Shard.resolve(env, new Shard.Options("0", null, null)).index())
        .isEqualTo(OptionalInt.of(0));
    env.put("AWS_BATCH_JOB_ARRAY_INDEX", "");
    assertThat(Shard.resolve(env, none).index()).isEqualTo(OptionalInt.of(2));
  }

  @Test
  void itemsPerJobOptionPrecedesTheEnvironment() {
    Map<String, String> env = Map.of("ITEMS_PER_JOB", "7", "JOB_COMPLETION_INDEX", "1");

    assertThat(Shard.resolve(env, new Shard.Options(null, null, null)).slice(100))
        .isEqualTo(new Shard.Slice(7, 14));
    assertThat(Shard.resolve(env, new Shard.Options(null, "3", null)).slice(100))
        .isEqualTo(new Shard.Slice(3, 6));
    assertThat(Shard.resolve(env, new Shard.Options(null, null, "4")).slice(100))
        .isEqualTo(new Shard.Slice(25, 50));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "one", "1.5", "99999999999", " "})
  void rejectsAnInvalidIndex(String index) {
    assertThatThrownBy(() -> shard(index, null, null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("--index: expected the job's index, 0 or more, found")
        .hasMessageContaining(index);
    if (!index.isBlank()) {
      assertThatThrownBy(
              () ->
                  Shard.resolve(
                      Map.of("SLURM_ARRAY_TASK_ID", index), new Shard.Options(null, null, null)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith("SLURM_ARRAY_TASK_ID: ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "0, -, --items-per-job",
        "x, -, --items-per-job",
        "-, 0, --shards",
        "-, '', --shards"
      })
  void rejectsAnInvalidDivision(String items, String shards, String flag) {
    assertThatThrownBy(() -> shard("0", items, shards))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(flag + ": expected");
  }

  @Test
  void rejectsTwoDivisions() {
    assertThatThrownBy(() -> shard("0", "10", "10"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("expected --shards or --items-per-job, found both");
  }

  @Test
  void errorNamesTheVariableOfItemsPerJob() {
    assertThatThrownBy(
            () -> Shard.resolve(Map.of("ITEMS_PER_JOB", "-3"), new Shard.Options(null, null, null)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("ITEMS_PER_JOB: ");
  }
}

package dev.kiln.awsbatch;

import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.sink.OutputKey;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The scenes that a submission has left: those whose file is not there, whether a report tells why
 * or their child never came so far.
 *
 * @param list of them; empty if nothing is left
 * @param done scenes whose file is there
 * @param hopeless scenes left out since they failed for what will not pass
 */
public record UnfinishedScenes(Optional<PackedList> list, long done, long hopeless) {
  /** As many keys as a list request of a bucket names. */
  private static final int BLOCK = 1000;

  /**
   * Asks the output for every scene of the submission's list.
   *
   * @param permanent take scenes too that failed for what will not pass
   * @throws ConfigurationException if the list is gone, or is not the one that was submitted
   */
  public static UnfinishedScenes of(Submission submission, ObjectStore out, boolean permanent)
      throws IOException {
    Set<String> hopeless = permanent ? Set.of() : hopeless(submission, out);
    String key = PackedList.key(submission.list());
    String name = "scene list " + out.uri(key);
    PackedList.Builder left = new PackedList.Builder();
    PackedList.Builder whole = new PackedList.Builder();
    List<String> block = new ArrayList<>();
    long[] counts = new long[2];
    try {
      SceneList.each(
          name,
          () -> out.stream(key),
          scene -> {
            whole.add(scene);
            block.add(scene);
            if (block.size() == BLOCK) {
              sift(block, out, hopeless, left, counts);
            }
          });
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          name + ": is gone since it was submitted; put it back, or submit anew", e);
    }
    sift(block, out, hopeless, left, counts);
    String found = whole.build().sha256();
    if (!found.equals(submission.list())) {
      throw new ConfigurationException(
          ("%s: was changed since it was submitted (SHA-256 of its keys now %s…): put it back, or"
                  + " submit anew")
              .formatted(name, found.substring(0, 12)));
    }
    PackedList rest = left.build();
    return new UnfinishedScenes(
        rest.scenes() == 0 ? Optional.empty() : Optional.of(rest), counts[0], counts[1]);
  }

  private static void sift(
      List<String> block,
      ObjectStore out,
      Set<String> hopeless,
      PackedList.Builder left,
      long[] counts)
      throws IOException {
    Set<String> there = out.existing(block.stream().map(OutputKey::of).toList());
    for (String scene : block) {
      if (there.contains(OutputKey.of(scene))) {
        counts[0]++;
      } else if (hopeless.contains(scene)) {
        counts[1]++;
      } else {
        left.add(scene);
      }
    }
    block.clear();
  }

  private static Set<String> hopeless(Submission submission, ObjectStore out) throws IOException {
    Set<String> keys = new HashSet<>();
    try (ShardReports reports = new ShardReports(out)) {
      for (Submission one : new SubmissionLedger(out).all()) {
        if (one.id().equals(submission.id()) || submission.id().equals(one.retryOf())) {
          reports.of(one.id()).stream()
              .flatMap(report -> report.failures().stream())
              .filter(ShardReport.Failure::permanent)
              .forEach(failure -> keys.add(failure.key()));
        }
      }
    }
    return keys;
  }
}

package dev.kiln.awsbatch;

import dev.kiln.archive.OutputKey;
import dev.kiln.archive.SceneLine;
import dev.kiln.archive.SceneList;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The scenes of a submission whose output file does not exist, whether their child failed or never
 * reached them.
 *
 * @param list the unfinished scenes; empty if there are none
 * @param done scenes whose file exists
 * @param permanentlyFailed scenes that are left out because a retry cannot help
 */
public record UnfinishedScenes(Optional<PackedList> list, long done, long permanentlyFailed) {
  /** Keys per check of the output; a listing of a bucket has as many. */
  private static final int BLOCK = 1000;

  /**
   * Checks the output for every scene of a submission.
   *
   * @param includePermanent whether scenes that failed permanently count as unfinished
   * @throws ConfigurationException if the list is missing or is not the submitted one
   */
  public static UnfinishedScenes of(
      Submission submission, ObjectStore out, boolean includePermanent) throws IOException {
    Set<String> failed = includePermanent ? Set.of() : permanentFailures(submission, out);
    String objectKey = PackedList.objectKey(submission.listSha256());
    String name = "scene list " + out.uri(objectKey);
    Scan scan = new Scan(out, failed);
    PackedList.Builder whole = new PackedList.Builder();
    try {
      SceneList.lines(
          name,
          () -> out.stream(objectKey),
          line -> {
            whole.add(line);
            scan.add(line);
          });
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          name + ": missing since the submission; restore it, or submit again", e);
    }
    String found = whole.build().sha256();
    if (!found.equals(submission.listSha256())) {
      throw new ConfigurationException(
          "%s: changed since the submission: expected SHA-256 %s…, found %s…: restore it, or submit again"
              .formatted(name, submission.listSha256().substring(0, 12), found.substring(0, 12)));
    }
    return scan.result();
  }

  private static Set<String> permanentFailures(Submission submission, ObjectStore out)
      throws IOException {
    Set<String> sceneKeys = new HashSet<>();
    try (ShardReports reports = new ShardReports(out)) {
      for (Submission one : new SubmissionLedger(out).all()) {
        if (one.id().equals(submission.id()) || submission.id().equals(one.retryOf())) {
          reports.of(one.id()).stream()
              .flatMap(report -> report.failures().stream())
              .filter(ShardReport.Failure::permanent)
              .forEach(failure -> sceneKeys.add(failure.key()));
        }
      }
    }
    return sceneKeys;
  }

  /** Sorts scenes into done, failed and unfinished, block by block. */
  private static final class Scan {
    private final ObjectStore out;
    private final Set<String> failed;
    private final List<SceneLine> block = new ArrayList<>();
    private final PackedList.Builder unfinished = new PackedList.Builder();
    private long doneCount;
    private long failedCount;

    Scan(ObjectStore out, Set<String> failed) throws IOException {
      this.out = out;
      this.failed = failed;
    }

    void add(SceneLine line) throws IOException {
      block.add(line);
      if (block.size() == BLOCK) {
        sortBlock();
      }
    }

    private void sortBlock() throws IOException {
      Set<String> existing =
          out.existing(block.stream().map(line -> OutputKey.of(line.key())).toList());
      for (SceneLine line : block) {
        if (existing.contains(OutputKey.of(line.key()))) {
          doneCount++;
        } else if (failed.contains(line.key())) {
          failedCount++;
        } else {
          unfinished.add(line);
        }
      }
      block.clear();
    }

    UnfinishedScenes result() throws IOException {
      sortBlock();
      PackedList list = unfinished.build();
      return new UnfinishedScenes(
          list.scenes() == 0 ? Optional.empty() : Optional.of(list), doneCount, failedCount);
    }
  }
}

package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The submissions into one output, and the check that they use one model. Borrows the store. */
public final class SubmissionLedger {
  private static final String DIRECTORY = "_kiln/submissions";
  private static final String SUFFIX = ".json";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final ObjectStore out;

  /** Creates a ledger; reads nothing. */
  public SubmissionLedger(ObjectStore out) {
    this.out = out;
  }

  private static String objectKey(String id) {
    return DIRECTORY + "/" + id + SUFFIX;
  }

  /** Returns the submission with this id, if it was started. */
  public Optional<Submission> find(String id) throws IOException {
    return out.exists(objectKey(id)) ? Optional.of(read(objectKey(id))) : Optional.empty();
  }

  /**
   * Returns the submission of a job.
   *
   * @throws ConfigurationException if there is none
   */
  public Submission ofJob(String jobId) throws IOException {
    return all().stream()
        .filter(submission -> submission.jobIds().contains(jobId))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "job " + jobId + ": not part of a submission into " + out.root()));
  }

  /** Returns all submissions, the oldest first. */
  public List<Submission> all() throws IOException {
    List<Submission> all = new ArrayList<>();
    for (String name : out.list(DIRECTORY)) {
      if (name.endsWith(SUFFIX) && !name.startsWith(".")) {
        all.add(read(DIRECTORY + "/" + name));
      }
    }
    all.sort(Comparator.comparing(Submission::created).thenComparing(Submission::id));
    return all;
  }

  private Submission read(String objectKey) throws IOException {
    try {
      JsonNode json = JSON.readTree(KilnFiles.read(out, objectKey));
      int format = json.path("format").asInt(0);
      if (format == Submission.FORMAT) {
        return JSON.treeToValue(json, Submission.class);
      }
      throw new ConfigurationException(
          "%s: expected format %d, found %d; use the version of Kiln that wrote it"
              .formatted(out.uri(objectKey), Submission.FORMAT, format));
    } catch (JacksonException e) {
      throw new ConfigurationException(
          out.uri(objectKey) + ": expected the record of a submission, found other text; delete it",
          e);
    }
  }

  void put(Submission submission) throws IOException {
    out.put(objectKey(submission.id()), JSON.writeValueAsBytes(submission));
  }

  /**
   * Checks that the output holds no vectors of another model, which could not be distinguished.
   *
   * @param hash SHA-256 of the weights of the model that will write there
   * @throws ConfigurationException that names the other model
   */
  void requireModel(String hash) throws IOException {
    for (Submission submission : all()) {
      requireSame(hash, submission.modelHash(), "submission " + submission.id());
    }
    for (String name : out.list("_kiln")) {
      if (name.endsWith(SUFFIX) && (name.startsWith("shard-") || name.startsWith("run"))) {
        String found = modelOf("_kiln/" + name);
        if (!found.isEmpty()) {
          requireSame(hash, found, "report " + name);
          // All shards of a run use one model, so one report is enough.
          return;
        }
      }
    }
  }

  private String modelOf(String objectKey) throws IOException {
    try {
      JsonNode report = JSON.readTree(KilnFiles.read(out, objectKey));
      return report.path("provenance").path("modelHash").asString("");
    } catch (JacksonException e) {
      throw new ConfigurationException(
          out.uri(objectKey) + ": expected a report of kiln embed, found other text; delete it", e);
    }
  }

  private void requireSame(String hash, String found, String where) {
    if (!hash.equals(found)) {
      throw new ConfigurationException(
          "--out %s: expected vectors of model %s, found model %s in %s: choose another prefix"
              .formatted(out.root(), abbreviated(hash), abbreviated(found), where));
    }
  }

  private static String abbreviated(String hash) {
    return hash.substring(0, Math.min(12, hash.length())) + "…";
  }

  /** Objects below {@code _kiln/}: a missing one is an error of the store, not of a scene. */
  static final class KilnFiles {
    private KilnFiles() {}

    static byte[] read(ObjectStore store, String objectKey) throws IOException {
      return store.read(objectKey);
    }
  }
}

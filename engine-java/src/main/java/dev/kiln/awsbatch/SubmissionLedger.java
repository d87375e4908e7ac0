package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.SceneException;
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

/** The submissions into one output, and whose model it belongs to. The store is borrowed. */
public final class SubmissionLedger {
  private static final String FOLDER = "_kiln/submissions";
  private static final String SUFFIX = ".json";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final ObjectStore out;

  public SubmissionLedger(ObjectStore out) {
    this.out = out;
  }

  private static String key(String id) {
    return FOLDER + "/" + id + SUFFIX;
  }

  /** The submission of this id, if it was begun. */
  public Optional<Submission> find(String id) throws IOException {
    return out.exists(key(id)) ? Optional.of(read(key(id))) : Optional.empty();
  }

  /** All submissions, the oldest first. */
  public List<Submission> all() throws IOException {
    List<Submission> all = new ArrayList<>();
    for (String name : out.list(FOLDER)) {
      if (name.endsWith(SUFFIX) && !name.startsWith(".")) {
        all.add(read(FOLDER + "/" + name));
      }
    }
    all.sort(Comparator.comparing(Submission::created).thenComparing(Submission::id));
    return all;
  }

  private Submission read(String key) throws IOException {
    try {
      Submission submission = JSON.readValue(Objects.read(out, key), Submission.class);
      if (submission.format() == Submission.FORMAT) {
        return submission;
      }
      throw new ConfigurationException(
          "%s: format %d expected, found %d; use the Kiln that wrote it"
              .formatted(out.uri(key), Submission.FORMAT, submission.format()));
    } catch (JacksonException e) {
      throw new ConfigurationException(
          out.uri(key) + ": no record of a submission; move it away", e);
    }
  }

  void put(Submission submission) throws IOException {
    out.put(key(submission.id()), JSON.writeValueAsBytes(submission));
  }

  /**
   * Refuses an output that holds another model's vectors, which nobody could tell apart.
   *
   * @param hash of the model that is to write there
   * @throws ConfigurationException that says which
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
          // Runs refuse nothing, so one report stands for all of its run.
          return;
        }
      }
    }
  }

  private String modelOf(String key) throws IOException {
    try {
      JsonNode report = JSON.readTree(Objects.read(out, key));
      return report.path("provenance").path("modelHash").asString("");
    } catch (JacksonException e) {
      throw new ConfigurationException(out.uri(key) + ": no report of kiln embed; move it away", e);
    }
  }

  private void requireSame(String hash, String found, String where) {
    if (!hash.equals(found)) {
      throw new ConfigurationException(
          "--out %s: holds vectors of another model (%s of %s; this is %s): give another prefix"
              .formatted(out.root(), start(found), where, start(hash)));
    }
  }

  private static String start(String hash) {
    return hash.substring(0, Math.min(12, hash.length())) + "…";
  }

  /** Objects of Kiln's own folder, whose absence is a failure of the store and not of a scene. */
  static final class Objects {
    private Objects() {}

    static byte[] read(ObjectStore store, String key) throws IOException {
      try {
        return store.read(key);
      } catch (SceneException e) {
        throw new IOException(store.uri(key) + ": " + e.reason(), e);
      }
    }
  }
}

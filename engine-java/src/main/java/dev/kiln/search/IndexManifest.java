package dev.kiln.search;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The description of an index, {@code index.json}. It is written last, so an index that has one is
 * complete.
 *
 * @param state of the dataset that was indexed
 * @param options of the build
 * @param dim length of a vector
 * @param rows number of rows in all shards
 * @param shards number of shards
 */
record IndexManifest(DatasetState state, IndexOptions options, int dim, long rows, int shards) {
  /** Name of the file. */
  static final String NAME = "index.json";

  private static final int FORMAT = 1;
  private static final JsonMapper JSON = JsonMapper.shared();

  /** Returns what identifies a build before it has started, as JSON. */
  static String plan(DatasetState state, IndexOptions options) {
    return planNode(state, options).toPrettyString();
  }

  private static ObjectNode planNode(DatasetState state, IndexOptions options) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    ObjectNode dataset = root.putObject("dataset");
    dataset.put("files", state.files());
    dataset.put("bytes", state.bytes());
    dataset.put("hash", state.hash());
    ObjectNode build = root.putObject("options");
    build.put("shard_rows", options.shardRows());
    build.put("degree", options.degree());
    build.put("beam_width", options.beamWidth());
    return root;
  }

  /** Returns the description as JSON. */
  String json() {
    ObjectNode root = planNode(state, options);
    root.put("dim", dim);
    root.put("rows", rows);
    root.put("shards", shards);
    return root.toPrettyString();
  }

  /**
   * Reads the description of an index.
   *
   * @throws ConfigurationException if it is damaged, or of another version of Kiln
   * @throws IOException if it cannot be read
   */
  static IndexManifest read(Path directory) throws IOException {
    Path path = directory.resolve(NAME);
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(path));
    } catch (JacksonException e) {
      throw new ConfigurationException(
          path + ": index is damaged: delete it and run kiln index", e);
    }
    if (root.path("format").asInt(0) != FORMAT) {
      throw new ConfigurationException(
          Mismatch.of(path.toString(), "an index of format " + FORMAT, root.path("format"))
              + ": run kiln index");
    }
    JsonNode dataset = root.path("dataset");
    JsonNode build = root.path("options");
    return new IndexManifest(
        new DatasetState(
            dataset.path("files").asInt(0),
            dataset.path("bytes").asLong(0),
            dataset.path("hash").asString("")),
        new IndexOptions(
            build.path("shard_rows").asInt(0),
            build.path("degree").asInt(0),
            build.path("beam_width").asInt(0)),
        root.path("dim").asInt(0),
        root.path("rows").asLong(0),
        root.path("shards").asInt(0));
  }
}

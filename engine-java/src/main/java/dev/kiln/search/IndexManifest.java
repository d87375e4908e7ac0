package dev.kiln.search;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
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
 * @param sizes bytes of all other files of the index, by name
 */
record IndexManifest(
    DatasetState state,
    IndexOptions options,
    int dim,
    long rows,
    int shards,
    Map<String, Long> sizes) {
  /** Name of the file. */
  static final String NAME = "index.json";

  private static final int FORMAT = 2;
  private static final JsonMapper JSON = JsonMapper.shared();

  /** Sorts the sizes. */
  IndexManifest {
    sizes = Collections.unmodifiableMap(new TreeMap<>(sizes));
  }

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
    dataset.put("names", state.names());
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
    ObjectNode bytes = root.putObject("sizes");
    sizes.forEach(bytes::put);
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
    return parse(path.toString(), Files.readAllBytes(path));
  }

  /**
   * Parses the description of an index.
   *
   * @param name of the file, for messages
   * @throws ConfigurationException if it is damaged, or of another version of Kiln
   */
  static IndexManifest parse(String name, byte[] json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          name + ": index is damaged: delete it and run kiln index", e);
    }
    if (root.path("format").asInt(0) != FORMAT) {
      throw new ConfigurationException(
          Mismatch.of(name, "an index of format " + FORMAT, root.path("format"))
              + ": run kiln index");
    }
    JsonNode dataset = root.path("dataset");
    JsonNode build = root.path("options");
    Map<String, Long> sizes = new TreeMap<>();
    root.path("sizes").properties().forEach(e -> sizes.put(e.getKey(), e.getValue().asLong(0)));
    return new IndexManifest(
        new DatasetState(
            dataset.path("files").asInt(0),
            dataset.path("bytes").asLong(0),
            dataset.path("names").asString(""),
            dataset.path("hash").asString("")),
        new IndexOptions(
            build.path("shard_rows").asInt(0),
            build.path("degree").asInt(0),
            build.path("beam_width").asInt(0)),
        root.path("dim").asInt(0),
        root.path("rows").asLong(0),
        root.path("shards").asInt(0),
        sizes);
  }
}

package dev.kiln.dataset.merge;

import static dev.kiln.dataset.merge.Outputs.scene;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.Shard;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the schemas of STAC 1.1.0 and of the Table 1.3.0 and File 2.1.0 extensions require of the
 * files that a merge writes.
 */
class StacFilesTest {
  private static final Set<String> TABLE_FIELDS =
      Set.of(
          "table:columns",
          "table:primary_geometry",
          "table:primary_datetime",
          "table:row_count",
          "table:storage_options",
          "table:tables");

  @TempDir private Path dir;

  private Path merged() throws Exception {
    Path out = dir.resolve("out");
    Outputs.write(out);
    scene("fiji").at(179.35, -16.1).edge(0.3).size(5, 2).write(out);
    Path dataset = dir.resolve("dataset");
    try (EmbeddingFiles files = EmbeddingFiles.open(out.toString(), StoreOptions.standard());
        ObjectStore store = ObjectStores.open(dataset.toString())) {
      DatasetMerge.merge(
          List.of(files),
          store,
          dataset.resolve("_kiln"),
          Shard.whole(),
          MergeOptions.builder().cellDegrees(1).fileBytes(4000).build());
    }
    return dataset;
  }

  private static JsonNode json(Path path) throws IOException {
    return JsonMapper.shared().readTree(Files.readAllBytes(path));
  }

  private static void requireText(JsonNode node, String field) {
    assertThat(node.path(field).isString()).as(field).isTrue();
    assertThat(node.get(field).stringValue()).as(field).isNotBlank();
  }

  private static void requireHead(JsonNode node, String type) {
    assertThat(node.path("type").stringValue()).isEqualTo(type);
    assertThat(node.path("stac_version").stringValue()).isEqualTo("1.1.0");
    requireText(node, "id");
    List<String> extensions = new ArrayList<>();
    node.path("stac_extensions").forEach(e -> extensions.add(e.stringValue()));
    assertThat(extensions)
        .doesNotHaveDuplicates()
        .contains(
            "https://stac-extensions.github.io/table/v1.3.0/schema.json",
            "https://stac-extensions.github.io/file/v2.1.0/schema.json")
        .allMatch(uri -> URI.create(uri).isAbsolute());
  }

  private static void requireLinks(JsonNode node, Path file) {
    assertThat(node.path("links").isArray()).isTrue();
    for (JsonNode link : node.get("links")) {
      requireText(link, "rel");
      requireText(link, "href");
      URI href = URI.create(link.get("href").stringValue());
      if (!href.isAbsolute()) {
        assertThat(file.resolveSibling(href.toString())).isRegularFile();
      }
    }
  }

  private static void requireTable(JsonNode fields) {
    for (String name : fields.propertyNames()) {
      if (name.startsWith("table:")) {
        assertThat(TABLE_FIELDS).contains(name);
      }
    }
    if (fields.has("table:row_count")) {
      assertThat(fields.get("table:row_count").longValue()).isPositive();
    }
    for (JsonNode column : fields.path("table:columns")) {
      requireText(column, "name");
      requireText(column, "type");
    }
  }

  @Test
  void theCollectionHasWhatItsSchemaRequires() throws Exception {
    Path file = merged().resolve("collection.json");
    JsonNode collection = json(file);

    requireHead(collection, "Collection");
    requireText(collection, "description");
    requireText(collection, "license");
    requireLinks(collection, file);
    requireTable(collection);
    assertThat(collection.path("table:columns")).isNotEmpty();
    JsonNode bbox = collection.at("/extent/spatial/bbox");
    assertThat(bbox).hasSize(1);
    assertThat(bbox.get(0)).hasSize(4).allMatch(JsonNode::isNumber);
    JsonNode interval = collection.at("/extent/temporal/interval");
    assertThat(interval).hasSize(1);
    assertThat(interval.get(0)).hasSize(2);
    assertThat(OffsetDateTime.parse(interval.at("/0/0").stringValue()))
        .isBefore(OffsetDateTime.parse(interval.at("/0/1").stringValue()));
    for (JsonNode summary : collection.path("summaries")) {
      assertThat(summary.isArray()).isTrue();
      assertThat(summary).isNotEmpty();
    }
    for (JsonNode asset : collection.path("item_assets")) {
      assertThat(asset.has("href")).isFalse();
      assertThat(asset.size()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void itemsHaveWhatTheirSchemaRequires() throws Exception {
    Path dataset = merged();
    List<Path> items;
    try (var paths = Files.list(dataset.resolve("items"))) {
      items = paths.toList();
    }
    assertThat(items).hasSizeGreaterThan(4);
    Set<String> assets = new TreeSet<>();
    for (Path file : items) {
      JsonNode item = json(file);
      requireHead(item, "Feature");
      assertThat(file).hasFileName(item.get("id").stringValue() + ".json");
      requireLinks(item, file);
      // An Item with a collection has a link to it.
      requireText(item, "collection");
      assertThat(item.get("links")).anyMatch(l -> l.get("rel").stringValue().equals("collection"));
      assertThat(item.path("bbox")).hasSize(4).allMatch(JsonNode::isNumber);
      requireGeometry(item.get("geometry"));
      JsonNode properties = item.get("properties");
      requireTable(properties);
      assertThat(properties.get("datetime").isNull()).isTrue();
      assertThat(OffsetDateTime.parse(properties.get("start_datetime").stringValue()))
          .isBeforeOrEqualTo(OffsetDateTime.parse(properties.get("end_datetime").stringValue()));
      assertThat(item.get("assets")).isNotEmpty();
      for (JsonNode asset : item.get("assets")) {
        requireText(asset, "href");
        assertThat(assets.add(asset.get("href").stringValue())).isTrue();
        requireTable(asset);
        Path data = file.resolveSibling(asset.get("href").stringValue());
        assertThat(asset.get("file:size").longValue()).isEqualTo(Files.size(data));
      }
    }
    assertThat(assets).hasSizeGreaterThan(items.size());
  }

  /** Rings are closed and counterclockwise, as RFC 7946 asks. */
  private static void requireGeometry(JsonNode geometry) {
    boolean one = geometry.get("type").stringValue().equals("Polygon");
    if (!one) {
      assertThat(geometry.get("type").stringValue()).isEqualTo("MultiPolygon");
    }
    List<JsonNode> polygons = new ArrayList<>();
    if (one) {
      polygons.add(geometry.get("coordinates"));
    } else {
      geometry.get("coordinates").forEach(polygons::add);
    }
    for (JsonNode polygon : polygons) {
      assertThat(polygon).hasSize(1);
      JsonNode ring = polygon.get(0);
      assertThat(ring.size()).isGreaterThanOrEqualTo(4);
      assertThat(ring.get(0)).isEqualTo(ring.get(ring.size() - 1));
      double area = 0;
      for (int i = 0; i + 1 < ring.size(); i++) {
        double x = ring.get(i).get(0).doubleValue();
        assertThat(x).isBetween(-180.0, 180.0);
        area +=
            x * ring.get(i + 1).get(1).doubleValue()
                - ring.get(i + 1).get(0).doubleValue() * ring.get(i).get(1).doubleValue();
      }
      assertThat(area).isPositive();
    }
  }
}

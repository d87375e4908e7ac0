package dev.kiln.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.archive.ListingStats;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.AzureServer;
import dev.kiln.testing.CloudServer;
import dev.kiln.testing.GoogleServer;
import dev.kiln.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Catalogues in buckets. */
@Timeout(60)
class CatalogStoresTest {
  @TempDir Path directory;
  private final Map<String, FoundItem> found = new TreeMap<>();
  private String source = "";

  private void write(String name, String content) throws IOException {
    Path file = directory.resolve("up").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static String item(String id) {
    return ("{\"type\":\"Feature\",\"id\":\"%s\",\"collection\":\"c\",\"links\":[],"
            + "\"properties\":{\"datetime\":\"2023-01-01T00:00:00Z\"},"
            + "\"assets\":{\"red\":{\"href\":\"./red.tif\",\"type\":\"image/tiff\"}}}")
        .formatted(id);
  }

  private ListingStats list(String uri, StoreOptions options) throws IOException {
    found.clear();
    Catalog catalog = Catalog.open("--stac", uri, options, SourceRules.standard());
    ListingStats stats =
        catalog.list(
            ItemQuery.builder().build(),
            item -> {
              found.put(item.key(), item);
              return "";
            });
    source = catalog.source();
    return stats;
  }

  private String href(String key) {
    return found.get(key).json().path("assets").path("red").path("href").asString("");
  }

  @Test
  void catalogsInBucketsAreRead() throws Exception {
    write(
        "site/catalog.json",
        """
        {"type":"Catalog","stac_version":"1.0.0","id":"site","links":[
          {"rel":"item","href":"./a/i1.json"}, {"rel":"item","href":"s3://other/i2.json"},
          {"rel":"item","href":"s3://site/../other/i3.json"}, {"rel":"item","href":"/up/i4.json"}]}
        """);
    write("site/a/i1.json", item("i1"));
    write("up/i4.json", item("i4"));
    write("site/items.ndjson", item("n1") + "\n" + item("n2") + "\n");
    Files.createDirectories(directory.resolve("up/site/all.parquet/year=2023"));
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "COPY (SELECT id, collection, unnest(properties), assets FROM read_json('%s')) TO '%s'"
              .formatted(
                  directory.resolve("up/site/items.ndjson"),
                  directory.resolve("up/site/all.parquet/year=2023/0.parquet")));
    }
    Files.createDirectories(directory.resolve("other"));
    Files.writeString(directory.resolve("other/i2.json"), item("i2"));
    try (S3Server s3 = S3Server.start(Files.createDirectories(directory.resolve("s3")))) {
      s3.upload(directory.resolve("up"), "bucket");
      s3.upload(directory.resolve("other"), "other");
      StoreOptions options = S3Server.options(s3.endpoint());
      ListingStats stats = list("s3://bucket/site/catalog.json", options);
      assertThat(found)
          .containsOnlyKeys(
              "s3://bucket/site/a/i1.json", "s3://other/i2.json", "s3://bucket/up/i4.json");
      assertThat(stats.skipped()).containsEntry("link that cannot be followed", 1L);
      assertThat(source).isEqualTo("s3://bucket");
      list("s3://bucket/site/items.ndjson", options);
      assertThat(found).containsOnlyKeys("c/n1.json", "c/n2.json");
      assertThat(href("c/n1.json")).isEqualTo("s3://bucket/site/red.tif");
      for (String directory : new String[] {"all.parquet", "all.parquet/"}) {
        list("s3://bucket/site/" + directory, options);
        assertThat(found).as(directory).containsOnlyKeys("c/n1.json", "c/n2.json");
        assertThat(href("c/n1.json")).isEqualTo("s3://bucket/site/all.parquet/year=2023/red.tif");
      }
      assertThatThrownBy(() -> list("s3://bucket/site/none.json", options))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("--stac s3://bucket/site/none.json: no such file");
      assertThatThrownBy(() -> list("s3://bucket/site/none.parquet", options))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("found a directory without Parquet files");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gs", "az"})
  void catalogsInOtherClouds(String scheme) throws Exception {
    write(
        "site/catalog.json",
        """
        {"type":"Catalog","stac_version":"1.0.0","id":"site","links":[
          {"rel":"item","href":"./a/i1.json"}, {"rel":"item","href":"../up/i4.json"},
          {"rel":"item","href":"./a/missing.json"}, {"rel":"item","href":"%s://site/../x.json"}]}
        """
            .formatted(scheme));
    write("site/a/i1.json", item("i1"));
    write("up/i4.json", item("i4"));
    write("site/items.ndjson", item("n1") + "\n" + item("n2") + "\n");
    Files.createDirectories(directory.resolve("up/site/all.parquet/part=1"));
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "COPY (SELECT id, collection, unnest(properties), assets FROM read_json('%s')) TO '%s'"
              .formatted(
                  directory.resolve("up/site/items.ndjson"),
                  directory.resolve("up/site/all.parquet/part=1/0.parquet")));
    }
    boolean google = scheme.equals("gs");
    String root = google ? "gs://archive" : "az://archive@" + AzureServer.ACCOUNT;
    try (CloudServer server = google ? GoogleServer.start() : AzureServer.start()) {
      upload(server.container(google ? "archive" : AzureServer.ACCOUNT + "/archive"));
      StoreOptions options =
          google ? GoogleServer.options(server.endpoint()) : AzureServer.options(server.endpoint());
      ListingStats stats = list(root + "/site/catalog.json", options);
      assertThat(found).containsOnlyKeys(root + "/site/a/i1.json", root + "/up/i4.json");
      assertThat(stats.skipped())
          .containsEntry("missing document", 1L)
          .containsEntry("link that cannot be followed", 1L);
      assertThat(source).isEqualTo(root);
      list(root + "/site/items.ndjson", options);
      assertThat(href("c/n1.json")).isEqualTo(root + "/site/red.tif");
      list(root + "/site/all.parquet", options);
      assertThat(found).containsOnlyKeys("c/n1.json", "c/n2.json");
      assertThat(href("c/n2.json")).isEqualTo(root + "/site/all.parquet/part=1/red.tif");
      assertThatThrownBy(() -> list(root + "/site/none.json", options))
          .isInstanceOf(ConfigurationException.class)
          .hasMessage("--stac " + root + "/site/none.json: no such file");
    }
  }

  private void upload(Map<String, byte[]> objects) throws IOException {
    Path root = directory.resolve("up");
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        objects.put(root.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
  }
}

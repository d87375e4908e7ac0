package dev.kiln.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.testing.RangeServer;
import dev.kiln.testing.S3Server;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Indexes of datasets in buckets and on web servers. */
class IndexCopiesTest {
  private static final IndexOptions SMALL = new IndexOptions(250, 16, 60);

  @TempDir private Path dir;
  private Path cache;
  private TestDataset dataset;

  @BeforeEach
  void writeScenes() throws IOException {
    cache = dir.resolve("cache");
    dataset = new TestDataset(dir.resolve("out"));
    dataset.scene("a").at(10, 47).chips(300).write();
    dataset.scene("b").at(20, 47).chips(100).write();
  }

  private static void build(EmbeddingFiles files, Path index) throws Exception {
    assertThat(new IndexBuilder(files, index, SMALL, 2, false).build().rows()).isEqualTo(400);
  }

  private static List<String> similar(Search search) throws Exception {
    float[] vector = search.chips(Set.of("a-3-0")).get(0).vector();
    SearchResult result = search.search(new SearchRequest(Query.of(vector), 5));
    assertThat(result.approximate()).isEqualTo(search.hasIndex());
    return result.matches().stream().map(match -> match.chip().chipId()).toList();
  }

  private List<Path> copies() throws IOException {
    try (Stream<Path> entries = Files.list(cache)) {
      return entries.toList();
    }
  }

  @Test
  void aDatasetInABucketIsSearchedWithAnIndexFromTheBucket() throws Exception {
    try (S3Server server = S3Server.start(Files.createDirectories(dir.resolve("s3")))) {
      server.upload(dataset.directory(), "embeddings");
      StoreOptions options = S3Server.options(server.endpoint());
      try (EmbeddingFiles files = EmbeddingFiles.open("s3://embeddings", options)) {
        List<String> exact = similar(new Search(files, 2, false));
        Path index = dir.resolve("index");
        build(files, index);
        server.upload(index, "indexes");

        Path copy = IndexCopies.local("s3://indexes", options, cache);
        assertThat(similar(new Search(files, copy, 2, false))).isEqualTo(exact);
        assertThat(IndexCopies.local("s3://indexes", options, cache)).isEqualTo(copy);
        assertThat(copies()).containsExactly(copy);

        // The local dataset, from which the bucket was filled, has the same files.
        try (EmbeddingFiles local = EmbeddingFiles.open(dataset.uri(), StoreOptions.standard())) {
          assertThat(similar(new Search(local, copy, 2, false))).isEqualTo(exact);
        }
      }
    }
  }

  @Test
  void anIndexThatChangedIsFetchedAgainAndAnIncompleteOneIsNamed() throws Exception {
    Path index = dir.resolve("index");
    try (RangeServer server = RangeServer.start();
        EmbeddingFiles files = EmbeddingFiles.open(dataset.uri(), StoreOptions.standard())) {
      build(files, index);
      server.upload(index);
      String uri = server.uri().toString();
      Path first = IndexCopies.local(uri, StoreOptions.standard(), cache);
      assertThat(new Search(files, first, 2, false).hasIndex()).isTrue();

      new IndexBuilder(files, index, new IndexOptions(400, 8, 40), 1, false).build();
      server.upload(index);
      Path second = IndexCopies.local(uri, StoreOptions.standard(), cache);
      assertThat(second).isNotEqualTo(first);
      assertThat(copies()).containsExactly(second);

      server.put("00000.rows", new byte[7]);
      long rows = Files.size(index.resolve("00000.rows"));
      assertThatThrownBy(
              () -> IndexCopies.local(uri, StoreOptions.standard(), dir.resolve("other")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageEndingWith(
              "00000.rows: expected %d bytes, found 7: copy the whole index there".formatted(rows));
      try (Stream<Path> left = Files.list(dir.resolve("other"))) {
        assertThat(left).isEmpty();
      }
    }
  }

  @Test
  void withoutAnIndexThereTheUriIsNamed() throws Exception {
    try (RangeServer server = RangeServer.start()) {
      assertThatThrownBy(
              () -> IndexCopies.local(server.uri().toString(), StoreOptions.standard(), cache))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageStartingWith("--search-index " + server.uri())
          .hasMessageEndingWith(
              "expected an index that kiln index built, with index.json, found none");
    }
  }
}

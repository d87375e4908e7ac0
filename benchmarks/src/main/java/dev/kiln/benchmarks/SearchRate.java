package dev.kiln.benchmarks;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowFilter;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Searches per second over a {@link SearchDataset}, ten matches each, on all cores. The exact
 * searches of Kiln and DuckDB must find the chips with the largest cosines; of the index, the
 * recall is checked.
 *
 * @param workplace that has the dataset
 * @param by how is searched
 */
record SearchRate(Workplace workplace, By by) implements Case.Sampler {
  private static final double RECALL = 0.95;

  /** Ways to search. */
  enum By {
    /** Kiln, comparing all vectors. */
    EXACT,
    /** Kiln, by its index. */
    INDEX,
    /** DuckDB, comparing all vectors. */
    DUCKDB
  }

  /** One search. */
  private interface Searching {
    /** Returns the ids of the matches, best first. */
    List<String> search(Query query) throws IOException, InterruptedException, SQLException;
  }

  @Override
  public List<Case.Sample> sample(Case.Effort effort) throws Exception {
    SearchDataset dataset = workplace.searchDataset();
    try (EmbeddingFiles files = dataset.open();
        Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      Search search = new Search(files, Runtime.getRuntime().availableProcessors(), false);
      if (by == By.INDEX && !search.hasIndex()) {
        dataset.index();
        search = new Search(files, Runtime.getRuntime().availableProcessors(), false);
      }
      Search opened = search;
      List<Query> queries = dataset.queries(search);
      Searching searching =
          switch (by) {
            case EXACT -> query -> kiln(opened, query, true);
            case INDEX -> query -> kiln(opened, query, false);
            case DUCKDB -> query -> duckDb(duckdb, dataset, query);
          };
      check(queries, dataset, files, searching);
      List<Case.Sample> samples = new ArrayList<>();
      for (int i = 0; i < effort.iterations(); i++) {
        samples.add(sample(queries, searching, effort.millis()));
      }
      return samples;
    }
  }

  private static Case.Sample sample(List<Query> queries, Searching searching, long millis)
      throws IOException, InterruptedException, SQLException {
    long start = System.nanoTime();
    long cpu = CoreTime.nanos();
    int done = 0;
    do {
      searching.search(queries.get(done++ % queries.size()));
    } while (System.nanoTime() - start < millis * 1_000_000);
    return Case.Sample.of(done, (System.nanoTime() - start) / 1e9, (CoreTime.nanos() - cpu) / 1e9);
  }

  private void check(
      List<Query> queries, SearchDataset dataset, EmbeddingFiles files, Searching searching)
      throws IOException, InterruptedException, SQLException {
    // An exact search takes seconds, so only the recall of the index is a matter of many queries.
    List<Query> checked = by == By.INDEX ? queries : queries.subList(0, 3);
    List<Set<String>> expected = dataset.nearest(files, checked);
    int found = 0;
    for (int i = 0; i < checked.size(); i++) {
      found +=
          (int) searching.search(checked.get(i)).stream().filter(expected.get(i)::contains).count();
    }
    double recall = found / (double) (SearchDataset.K * checked.size());
    System.err.printf(Locale.ROOT, "search: by=%s recall@10=%.4f%n", by, recall);
    if (recall < (by == By.INDEX ? RECALL : 1)) {
      throw new IllegalStateException(by + ": recall@10 of " + recall);
    }
  }

  private static List<String> kiln(Search search, Query query, boolean exact)
      throws IOException, InterruptedException {
    return search
        .search(new SearchRequest(query, SearchDataset.K, RowFilter.all(), exact))
        .matches()
        .stream()
        .map(match -> match.chip().chipId())
        .toList();
  }

  private static List<String> duckDb(Statement duckdb, SearchDataset dataset, Query query)
      throws SQLException {
    StringBuilder vector = new StringBuilder();
    for (float value : query.vector()) {
      vector.append(vector.isEmpty() ? "[" : ",").append(value);
    }
    String sql =
        ("SELECT chip_id FROM read_parquet('%s/*.parquet')"
                + " ORDER BY array_cosine_similarity(embeddings::FLOAT[%d], %s]::FLOAT[%d]) DESC"
                + " LIMIT %d")
            .formatted(
                dataset.directory(), SearchDataset.DIM, vector, SearchDataset.DIM, SearchDataset.K);
    List<String> ids = new ArrayList<>();
    try (ResultSet rows = duckdb.executeQuery(sql)) {
      while (rows.next()) {
        ids.add(rows.getString(1));
      }
    }
    return ids.stream().collect(Collectors.toUnmodifiableList());
  }
}

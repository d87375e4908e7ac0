package dev.kiln.search;

import dev.kiln.dataset.RowFilter;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.vector.CodedVectors;
import dev.kiln.vector.NativeVectors;
import io.github.jbellis.jvector.disk.ByteBufferReader;
import io.github.jbellis.jvector.disk.ReaderSupplier;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.SearchResult.NodeScore;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndex;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.graph.similarity.ScoreFunction;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * One shard of an index. The graph is followed by coded vectors; the best candidates are compared
 * again in float32. All files are mapped, so that the system keeps in memory what is used. Safe for
 * use by several threads.
 */
final class IndexShard {
  /** Below this share of rows, comparing all of them is faster than following the graph. */
  private static final double FEW = 0.01;

  private final ShardRows rows;
  private final CodedVectors codes;
  private final OnDiskGraphIndex graph;
  private final int dim;

  private IndexShard(ShardRows rows, CodedVectors codes, OnDiskGraphIndex graph, int dim) {
    this.rows = rows;
    this.codes = codes;
    this.graph = graph;
    this.dim = dim;
  }

  /**
   * Opens a shard.
   *
   * @throws ConfigurationException if its files do not match
   */
  static IndexShard open(ShardFiles files, int dim) throws IOException {
    JVector.load();
    ShardRows rows = ShardRows.open(files);
    MappedByteBuffer buffer = ShardRows.map(files.codes());
    if (buffer.capacity() != CodedVectors.bytes(rows.count(), dim)) {
      throw new ConfigurationException(
          Mismatch.of(
              files.codes().toString(),
              CodedVectors.bytes(rows.count(), dim) + " bytes",
              buffer.capacity()));
    }
    OnDiskGraphIndex graph = OnDiskGraphIndex.load(readers(files.graph()));
    if (graph.size(0) != rows.count() || graph.getDimension() != dim) {
      throw new ConfigurationException(
          Mismatch.of(
              files.graph().toString(),
              "a graph of %d vectors of %d values".formatted(rows.count(), dim),
              "%d of %d".formatted(graph.size(0), graph.getDimension())));
    }
    return new IndexShard(rows, new CodedVectors(buffer, rows.count(), dim), graph, dim);
  }

  /**
   * Returns readers of one mapping of a file. Before Java 22, those of JVector map the file again
   * for every search, and each of these mappings faults its pages in again.
   */
  private static ReaderSupplier readers(Path file) throws IOException {
    MappedByteBuffer mapped = ShardRows.map(file);
    return () -> new ByteBufferReader(mapped.duplicate());
  }

  /** Returns the number of rows. */
  int count() {
    return rows.count();
  }

  /** Returns where the row of a node is stored in the dataset. */
  RowRef ref(int node) {
    return rows.ref(node);
  }

  FoundChip chip(int node) {
    return rows.chip(node);
  }

  /** Takes a node of this shard and its cosine. */
  interface Found {
    void add(int node, float cosine);
  }

  /**
   * Finds the best nodes.
   *
   * @param query of length 1
   * @param candidates number of nodes that are compared in float32
   * @return number of vectors that were compared
   */
  long search(float[] query, int k, int candidates, RowFilter filter, Found found)
      throws IOException {
    BitSet accepted = null;
    if (!filter.isAll()) {
      accepted = accepted(filter);
      if (accepted.cardinality() <= Math.max(candidates, FEW * rows.count())) {
        return compareAll(query, accepted, found);
      }
    }
    BitSet wanted = accepted;
    Bits bits = wanted == null ? Bits.ALL : wanted::get;
    VectorFloat<?> vector = JVector.vector(query.clone());
    CodedVectors code = CodeScores.code(query);
    ScoreFunction.ApproximateScoreFunction coarse =
        node -> CodeScores.score(code.dot(0, codes, node));
    try (OnDiskGraphIndex.View view = graph.getView();
        GraphSearcher searcher = new GraphSearcher(graph)) {
      DefaultSearchScoreProvider scores =
          new DefaultSearchScoreProvider(
              coarse, view.rerankerFor(vector, VectorSimilarityFunction.DOT_PRODUCT));
      var result = searcher.search(scores, k, Math.max(k, candidates), 0, 0, bits);
      for (NodeScore node : result.getNodes()) {
        found.add(node.node, cosine(view, query, node.node));
      }
      return result.getVisitedCount();
    }
  }

  private long compareAll(float[] query, BitSet nodes, Found found) throws IOException {
    try (OnDiskGraphIndex.View view = graph.getView()) {
      for (int node = nodes.nextSetBit(0); node >= 0; node = nodes.nextSetBit(node + 1)) {
        found.add(node, cosine(view, query, node));
      }
    }
    return nodes.cardinality();
  }

  /** As an exact search computes it, but for the rounding of the vector to length 1. */
  private float cosine(OnDiskGraphIndex.View view, float[] query, int node) {
    float[] dot = new float[1];
    float[] norm = new float[1];
    NativeVectors.dotsAndNorms(JVector.values(view.getVector(node)), 1, dim, query, dot, norm);
    return dot[0] / norm[0];
  }

  private BitSet accepted(RowFilter filter) {
    BitSet accepted = new BitSet();
    RowFilter.Test test = filter.test();
    for (int i = 0; i < rows.count(); i++) {
      boolean meets = test.meets(rows.view(i));
      if (meets && filter.area().isPresent()) {
        meets = filter.area().get().intersects(rows.chip(i).outline());
      }
      accepted.set(i, meets);
    }
    return accepted;
  }
}

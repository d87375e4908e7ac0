package dev.kiln.search;

import dev.kiln.vector.CodedVectors;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.graph.similarity.ScoreFunction;
import io.github.jbellis.jvector.graph.similarity.SearchScoreProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;

/**
 * JVector's view of coded vectors while a graph is built. A score is {@code (1 + cosine) / 2},
 * which is never negative, as JVector requires.
 */
final class CodeScores implements BuildScoreProvider {
  private final CodedVectors codes;
  private final float[] centroid;

  /**
   * Creates scores.
   *
   * @param centroid mean of the vectors, {@code [dim]}
   */
  CodeScores(CodedVectors codes, float[] centroid) {
    this.codes = codes;
    this.centroid = centroid.clone();
  }

  /** Returns the score of a cosine. */
  static float score(float cosine) {
    return Math.max(0, (1 + cosine) / 2);
  }

  /** Returns a single coded vector. */
  static CodedVectors code(float[] vector) {
    CodedVectors code = CodedVectors.allocate(1, vector.length);
    code.set(0, vector, 0);
    return code;
  }

  /** Graphs are built by these scores alone, so for JVector they are exact. */
  @Override
  public boolean isExact() {
    return true;
  }

  @Override
  public VectorFloat<?> approximateCentroid() {
    return JVector.vector(centroid.clone());
  }

  @Override
  public SearchScoreProvider searchProviderFor(VectorFloat<?> vector) {
    CodedVectors query = code(JVector.values(vector));
    return provider(node -> score(query.dot(0, codes, node)));
  }

  @Override
  public SearchScoreProvider searchProviderFor(int node) {
    return provider(other -> score(codes.dot(node, codes, other)));
  }

  @Override
  public SearchScoreProvider diversityProviderFor(int node) {
    return searchProviderFor(node);
  }

  private static SearchScoreProvider provider(ScoreFunction.ExactScoreFunction scores) {
    return new DefaultSearchScoreProvider(scores);
  }
}

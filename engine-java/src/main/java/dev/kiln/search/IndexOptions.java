package dev.kiln.search;

/**
 * How an index is built. All options are stored with the index.
 *
 * @param shardRows most rows of a shard: each shard has a graph of its own, is built by one thread
 *     and is kept when a build is interrupted
 * @param degree neighbours of a node in the graph
 * @param beamWidth candidates that are considered for these neighbours
 */
public record IndexOptions(int shardRows, int degree, int beamWidth) {
  private static final long MAX_SHARD_BYTES = 1L << 30;

  /** Returns the usual options: shards of 65,536 rows, degree 24, beam width 64. */
  public static IndexOptions defaults() {
    return new IndexOptions(1 << 16, 24, 64);
  }

  /** Returns the number of rows in a shard of vectors of a length; a gigabyte of them at most. */
  int rows(int dim) {
    return (int) Math.max(1, Math.min(shardRows, MAX_SHARD_BYTES / Float.BYTES / dim));
  }
}

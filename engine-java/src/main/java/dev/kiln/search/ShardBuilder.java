package dev.kiln.search;

import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.vector.CodedVectors;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.disk.OnDiskGraphIndexWriter;
import io.github.jbellis.jvector.graph.disk.feature.Feature;
import io.github.jbellis.jvector.graph.disk.feature.FeatureId;
import io.github.jbellis.jvector.graph.disk.feature.InlineVectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntFunction;

/**
 * Builds one shard of an index: takes its rows in order, then builds the graph. The bytes depend on
 * the rows and options only: one thread inserts the nodes, in an order of its own, because rows
 * that are sorted by place would give a graph with long detours.
 *
 * <p>Vectors are written to a temporary file that is then mapped, so that the Java heap holds only
 * the graph. Used by one thread at a time.
 */
final class ShardBuilder implements AutoCloseable {
  private static final float NEIGHBOUR_OVERFLOW = 1.5f;
  private static final float ALPHA = 1.2f;
  private static final int ORDER_SEED = 7;
  private static final int WRITE_BYTES = 1 << 20;

  private final ShardFiles files;
  private final IndexOptions options;
  private final int dim;
  private final Path vectorFile;
  private final FileChannel vectorChannel;
  private final ByteBuffer unwritten;
  private final ShardRows.Writer rows;

  /** The vectors {@code [count, dim]}, once all have been added. */
  private FloatBuffer vectors;

  private int count;

  /** Creates a builder of a shard without rows. */
  ShardBuilder(ShardFiles files, IndexOptions options, int dim) throws IOException {
    JVector.load();
    this.files = files;
    this.options = options;
    this.dim = dim;
    this.vectorFile = files.graph().resolveSibling(files.graph().getFileName() + ".vectors.part");
    this.unwritten =
        ByteBuffer.allocateDirect(Math.max(WRITE_BYTES, dim * Float.BYTES))
            .order(ByteOrder.nativeOrder());
    this.vectorChannel = create(vectorFile);
    this.rows = new ShardRows.Writer(files);
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(
        path,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  /**
   * Maps a new file whose bytes are on the disk already: without space for them, this fails, where
   * writing to the memory of a sparse file would end the process.
   */
  private static ByteBuffer map(Path path, long bytes) throws IOException {
    try (FileChannel channel = create(path)) {
      ByteBuffer zeros = ByteBuffer.allocateDirect(WRITE_BYTES);
      for (long left = bytes; left > 0; left -= zeros.capacity()) {
        zeros.clear().limit((int) Math.min(left, zeros.capacity()));
        write(channel, zeros);
      }
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Returns the number of rows. */
  int count() {
    return count;
  }

  /** Adds a row of a batch that has all columns; its vector is not zero. */
  void add(EmbeddingBatch batch, int i) throws IOException {
    if (unwritten.remaining() < dim * Float.BYTES) {
      write(vectorChannel, unwritten.flip());
      unwritten.clear();
    }
    float norm = batch.norms()[i];
    for (int k = 0; k < dim; k++) {
      unwritten.putFloat(batch.vectors()[i * dim + k] / norm);
    }
    rows.add(batch, i);
    count++;
  }

  /** Builds the graph and makes the files of the shard appear. */
  void build() throws IOException, InterruptedException {
    rows.close();
    write(vectorChannel, unwritten.flip());
    vectors =
        vectorChannel
            .map(FileChannel.MapMode.READ_ONLY, 0, vectorChannel.size())
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    long codeBytes = CodedVectors.bytes(count, dim);
    CodedVectors codes =
        new CodedVectors(map(ShardFiles.part(files.codes()), codeBytes), count, dim);
    double[] sum = new double[dim];
    for (int i = 0; i < count; i++) {
      float[] vector = vector(i);
      codes.set(i, vector, 0);
      for (int k = 0; k < dim; k++) {
        sum[k] += vector[k];
      }
    }
    float[] centroid = new float[dim];
    for (int k = 0; k < dim; k++) {
      centroid[k] = (float) (sum[k] / count);
    }
    writeGraph(codes, centroid);
    ShardFiles.publish(files.codes());
    ShardFiles.publish(files.rows());
    ShardFiles.publish(files.texts());
    ShardFiles.publish(files.graph());
  }

  private float[] vector(int i) {
    float[] vector = new float[dim];
    vectors.get(i * dim, vector);
    return vector;
  }

  private void writeGraph(CodedVectors codes, float[] centroid)
      throws IOException, InterruptedException {
    CodeScores scores = new CodeScores(codes, centroid);
    ForkJoinPool one = new ForkJoinPool(1);
    try (GraphIndexBuilder builder =
        new GraphIndexBuilder(
            scores,
            dim,
            options.degree(),
            options.beamWidth(),
            NEIGHBOUR_OVERFLOW,
            ALPHA,
            true,
            true,
            one,
            one)) {
      for (int node : order(count)) {
        builder.addGraphNode(node, scores.searchProviderFor(node));
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while a graph was built");
        }
      }
      builder.cleanup();
      ImmutableGraphIndex graph = builder.getGraph();
      Path part = ShardFiles.part(files.graph());
      Files.deleteIfExists(part);
      try (OnDiskGraphIndexWriter writer =
          new OnDiskGraphIndexWriter.Builder(graph, part).with(new InlineVectors(dim)).build()) {
        EnumMap<FeatureId, IntFunction<Feature.State>> states = new EnumMap<>(FeatureId.class);
        states.put(
            FeatureId.INLINE_VECTORS,
            node -> new InlineVectors.State(JVector.vector(vector(node))));
        writer.write(Map.copyOf(states));
      }
    } finally {
      one.shutdown();
    }
  }

  /** Returns the nodes in a random order that is the same in every build. */
  private static int[] order(int count) {
    int[] order = new int[count];
    Random random = new Random(ORDER_SEED);
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** Deletes the temporary file. */
  @Override
  public void close() throws IOException {
    vectorChannel.close();
    rows.close();
    Files.deleteIfExists(vectorFile);
  }
}

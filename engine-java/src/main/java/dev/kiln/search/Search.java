package dev.kiln.search;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingBatch;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.FileFault;
import dev.kiln.dataset.ReadReport;
import dev.kiln.dataset.RowFilter;
import dev.kiln.dataset.RowRef;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.vector.NativeVectors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Point;

/**
 * Finds the chips of a dataset that are most similar to a query, by the cosine of their vectors.
 *
 * <p>Without an index every vector is read and compared, in memory that does not depend on the size
 * of the dataset. The result is the same in every run, for any number of threads and on any CPU.
 * With an index ({@link IndexBuilder}), a few vectors are compared, and a match can be missed.
 *
 * <p>Safe for use by several threads. Borrows the files.
 */
public final class Search {
  private static final Set<Column> ATTRIBUTES =
      EnumSet.of(Column.IDS, Column.DATETIME, Column.BOX, Column.FOOTPRINT, Column.SHARES);
  private static final GeometryFactory WGS84 = new GeometryFactory();

  private final EmbeddingFiles files;
  private final int threads;
  private final boolean mixed;
  private final Optional<VectorIndex> index;

  /**
   * Creates a search, with the index of the dataset if there is one. An index that cannot be used
   * is logged and ignored.
   *
   * @param files the dataset; borrowed
   * @param threads that read and compare, at least 1
   * @param mixed whether vectors of different models are compared; those whose length differs from
   *     the query's are skipped
   * @throws InterruptedException if the thread is interrupted
   */
  public Search(EmbeddingFiles files, int threads, boolean mixed) throws InterruptedException {
    this.files = files;
    this.threads = Math.max(1, threads);
    this.mixed = mixed;
    this.index = VectorIndex.stored(files, this.threads);
  }

  /**
   * Creates a search with an index that is not stored with the dataset.
   *
   * @param files the dataset; borrowed
   * @param index directory that {@link IndexBuilder} wrote, or a copy of one
   * @param threads that read and compare, at least 1
   * @param mixed as for the other constructor
   * @throws ConfigurationException if it is no index, or that of another dataset
   * @throws IOException if the dataset cannot be read
   */
  public Search(EmbeddingFiles files, Path index, int threads, boolean mixed)
      throws IOException, InterruptedException {
    this.files = files;
    this.threads = Math.max(1, threads);
    this.mixed = mixed;
    this.index = Optional.of(VectorIndex.named(index, files, this.threads));
  }

  /** Returns whether there is an index of the dataset as it is. */
  public boolean hasIndex() {
    return index.isPresent();
  }

  /**
   * A chip and its vector.
   *
   * @param chip what the dataset records of it
   * @param vector {@code [dim]}
   */
  public record ChipVector(FoundChip chip, float[] vector) {}

  /**
   * Finds the chips that are most similar to a query.
   *
   * @throws ConfigurationException if the length of the query differs from that of the vectors, or
   *     files differ in their model and that is not allowed
   * @throws IOException if the dataset cannot be read
   */
  public SearchResult search(SearchRequest request) throws IOException, InterruptedException {
    long start = System.nanoTime();
    if (index.isPresent() && !request.exact()) {
      VectorIndex.Found found = index.get().search(request);
      double seconds = (System.nanoTime() - start) / 1e9;
      return new SearchResult(found.matches(), true, found.compared(), seconds, List.of());
    }
    float[] query = request.query().vector();
    TopRows top = new TopRows(request.k());
    AtomicLong compared = new AtomicLong();
    AtomicInteger otherDim = new AtomicInteger();
    ReadReport report =
        reader(EnumSet.of(Column.VECTOR), request.filter())
            .threads(threads)
            .build()
            .read(
                batch -> {
                  if (batch.dim() == query.length) {
                    compared.addAndGet(batch.size());
                    compare(batch, request.query(), top);
                  } else if (mixed) {
                    otherDim.set(batch.dim());
                  } else {
                    throw wrongLength(batch.dim(), query.length);
                  }
                });
    if (compared.get() == 0 && otherDim.get() > 0) {
      throw wrongLength(otherDim.get(), query.length);
    }
    List<FileFault> faults = new ArrayList<>(report.faults());
    List<Match> matches = describe(top.best(), faults);
    double seconds = (System.nanoTime() - start) / 1e9;
    return new SearchResult(matches, false, compared.get(), seconds, faults);
  }

  private ConfigurationException wrongLength(int expected, int found) {
    return new ConfigurationException(
        Mismatch.of(
            "query",
            "a vector of " + expected + " values, as in " + files.uri(),
            found + " values"));
  }

  private static void compare(EmbeddingBatch batch, Query query, TopRows top) {
    float[] dots = new float[batch.size()];
    NativeVectors.dots(batch.vectors(), batch.size(), batch.dim(), query.vector(), dots);
    for (int i = 0; i < dots.length; i++) {
      // The direction of a vector of zeros is undefined.
      float score = batch.norms()[i] > 0 ? dots[i] / batch.norms()[i] : Float.NaN;
      if (top.accepts(score) && !query.chips().contains(batch.ref(i))) {
        top.offer(batch.ref(i), score);
      }
    }
  }

  private List<Match> describe(List<TopRows.Scored> best, List<FileFault> faults)
      throws IOException, InterruptedException {
    Map<RowRef, FoundChip> chips = new TreeMap<>();
    ReadReport report =
        reader(ATTRIBUTES, RowFilter.all())
            .build()
            .read(
                best.stream().map(TopRows.Scored::row).toList(),
                batch -> {
                  for (int i = 0; i < batch.size(); i++) {
                    chips.put(batch.ref(i), FoundChip.of(batch, i));
                  }
                });
    report.faults().stream().filter(f -> !faults.contains(f)).forEach(faults::add);
    List<Match> matches = new ArrayList<>();
    for (TopRows.Scored scored : best) {
      FoundChip chip = chips.get(scored.row());
      if (chip != null) {
        matches.add(new Match(matches.size() + 1, scored.score(), chip));
      }
    }
    return matches;
  }

  /**
   * Returns the chips with one of some ids, in the order of the dataset, with their vectors.
   *
   * @throws IOException if the dataset cannot be read
   */
  public List<ChipVector> chips(Set<String> ids) throws IOException, InterruptedException {
    return find(RowFilter.builder().chipIds(ids).build());
  }

  /**
   * Returns the chips of some rows, in the order of the dataset, with their vectors.
   *
   * @throws IOException if the dataset cannot be read
   */
  public List<ChipVector> chips(List<RowRef> rows) throws IOException, InterruptedException {
    List<ChipVector> found = new ArrayList<>();
    EnumSet<Column> columns = EnumSet.copyOf(ATTRIBUTES);
    columns.add(Column.VECTOR);
    reader(columns, RowFilter.all()).build().read(rows, batch -> add(batch, found));
    return found;
  }

  /**
   * Returns the chip at a place, with its vector: of the chips that cover it the latest, and of the
   * latest the one whose centre is nearest.
   *
   * @param lon longitude in degrees
   * @param lat latitude in degrees
   * @throws IOException if the dataset cannot be read
   */
  public Optional<ChipVector> chipAt(double lon, double lat)
      throws IOException, InterruptedException {
    Point place = WGS84.createPoint(new Coordinate(lon, lat));
    return find(RowFilter.builder().area(AreaOfInterest.of(place)).build()).stream()
        .min(
            Comparator.comparing(
                    (ChipVector c) -> c.chip().datetime().orElse(Instant.MIN),
                    Comparator.reverseOrder())
                .thenComparing(c -> c.chip().outline().getCentroid().distance(place))
                .thenComparing(c -> c.chip().ref()));
  }

  private List<ChipVector> find(RowFilter filter) throws IOException, InterruptedException {
    EnumSet<Column> columns = EnumSet.copyOf(ATTRIBUTES);
    columns.add(Column.VECTOR);
    List<ChipVector> found = new ArrayList<>();
    reader(columns, filter)
        .threads(threads)
        .build()
        .read(
            batch -> {
              synchronized (found) {
                add(batch, found);
              }
            });
    found.sort(Comparator.comparing(c -> c.chip().ref()));
    return found;
  }

  private static void add(EmbeddingBatch batch, List<ChipVector> found) {
    for (int i = 0; i < batch.size(); i++) {
      found.add(new ChipVector(FoundChip.of(batch, i), batch.vector(i)));
    }
  }

  private EmbeddingReader.Builder reader(Set<Column> columns, RowFilter filter) {
    return EmbeddingReader.builder(files).columns(columns).filter(filter).allowMixed(mixed);
  }
}

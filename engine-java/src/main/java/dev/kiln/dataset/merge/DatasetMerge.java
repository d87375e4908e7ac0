package dev.kiln.dataset.merge;

import dev.kiln.archive.Shard;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.FileFault;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Count;
import dev.kiln.error.MachineException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.io.FileTrees;
import dev.kiln.io.Workers;
import dev.kiln.sink.GeoParquetWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges the files of {@code kiln embed} into one dataset of GeoParquet files in Hive partitions.
 * The bytes of a dataset depend on its sources and options only, not on how often or by how many
 * jobs it was merged.
 *
 * <p>A partition is finished when its {@link CellState} exists with the fingerprint of its sources;
 * it is written after the partition's files, whose names have the fingerprint. Files of earlier
 * fingerprints are deleted afterwards.
 */
public final class DatasetMerge {
  private static final Logger log = LoggerFactory.getLogger(DatasetMerge.class);
  private static final long LOG_NANOS = 10_000_000_000L;

  private final List<EmbeddingFiles> roots;
  private final ObjectStore dataset;
  private final MergedFiles files;
  private final Shard shard;
  private final MergeOptions options;
  private final Map<String, FileFault> faults = new ConcurrentHashMap<>();
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong unchanged = new AtomicLong();
  private final AtomicLong kept = new AtomicLong();
  private final AtomicLong lastLog = new AtomicLong(System.nanoTime());

  private DatasetMerge(
      List<EmbeddingFiles> roots, ObjectStore dataset, Shard shard, MergeOptions options) {
    this.roots = roots;
    this.dataset = dataset;
    this.files = new MergedFiles(dataset, options.threads());
    this.shard = shard;
    this.options = options;
  }

  /**
   * Merges outputs, or the part of the partitions that a job of an array takes.
   *
   * @param outputs of {@code kiln embed}; borrowed
   * @param dataset where the dataset is written to; borrowed
   * @param scratch parent of the directory for temporary files
   * @param shard which partitions are merged
   * @throws ConfigurationException if the files cannot be merged into one dataset, or the dataset
   *     has another layout
   * @throws IOException if a store cannot be read or written
   */
  public static MergeReport merge(
      List<EmbeddingFiles> outputs,
      ObjectStore dataset,
      Path scratch,
      Shard shard,
      MergeOptions options)
      throws IOException, InterruptedException {
    return new DatasetMerge(outputs, dataset, shard, options).run(scratch);
  }

  private MergeReport run(Path scratchParent) throws IOException, InterruptedException {
    long start = System.nanoTime();
    GeoParquetWriter.requireLibraries();
    SourceScan.Result scan = SourceScan.of(roots, options.threads());
    scan.faults().forEach(fault -> faults.put(fault.key(), fault));
    scan.faults()
        .forEach(
            f -> log.error("source cannot be read: file={} reason=\"{}\"", f.key(), f.reason()));
    Set<String> unreadable = Set.copyOf(faults.keySet());
    MergePlan.requireComparable(scan.sources(), options.allowMixed());
    Layout layout = Layout.of(dataset, options, scan.sources());
    List<MergePlan.Unit> plan = MergePlan.of(layout, scan.sources());
    Shard.Slice slice = shard.slice(plan.size());
    List<MergePlan.Unit> mine = plan.subList((int) slice.from(), (int) slice.to());
    log.info(
        "merging: files={} rows={} cells={} of {}",
        scan.sources().size(),
        scan.sources().stream().mapToLong(Source::rows).sum(),
        mine.size(),
        plan.size());

    Map<String, CellState> states = files.states();
    requirePresent(states, scan.keys());
    Map<String, CellState> merged = new ConcurrentHashMap<>();
    try (Scratch scratch = Scratch.in(scratchParent);
        Workers workers = new Workers("merge", options.threads())) {
      workers.forEach(
          mine,
          unit -> {
            CellState before = states.get(unit.partition().id());
            CellState after = merge(unit, layout, before, unreadable, scratch);
            merged.put(after.id(), after);
            progress(mine.size());
          });
    }
    boolean first = shard.index().isEmpty() || shard.index().getAsInt() == 0;
    if (first) {
      removeStale(states, plan, unreadable);
    }
    publish(layout, plan, scan);
    return report(scan, merged, (System.nanoTime() - start) / 1e9);
  }

  private void progress(int total) {
    long count = done.incrementAndGet();
    long last = lastLog.get();
    long now = System.nanoTime();
    if (now - last > LOG_NANOS && lastLog.compareAndSet(last, now)) {
      log.info("merging: cells={} of {} unchanged={}", count, total, unchanged.get());
    }
  }

  private void requirePresent(Map<String, CellState> states, Set<String> keys) {
    Set<String> missing = new TreeSet<>();
    states.values().forEach(s -> missing.addAll(s.sources()));
    missing.removeAll(keys);
    if (!missing.isEmpty() && !options.removeMissing()) {
      throw new ConfigurationException(
          "%s: expected the files that the dataset was made of, found %s missing, such as %s: restore them, or remove their rows with --remove-missing"
              .formatted(
                  roots.get(0).uri(), Count.of(missing.size(), "file"), missing.iterator().next()));
    }
  }

  private CellState merge(
      MergePlan.Unit unit, Layout layout, CellState before, Set<String> unreadable, Scratch scratch)
      throws IOException, InterruptedException {
    Partition partition = unit.partition();
    if (before != null && isCurrent(before, unit)) {
      unchanged.incrementAndGet();
      return before;
    }
    if (before != null && mustKeep(before, unreadable)) {
      return before;
    }
    Path directory = scratch.directory(partition.id());
    CellState state;
    try (CellMerge merge = new CellMerge(roots, layout, unit, directory, options.sortMemory())) {
      CellMerge.Result result = merge.run();
      result.failed().forEach((key, reason) -> faults.put(key, new FileFault(key, reason)));
      if (before != null && mustKeep(before, result.failed().keySet())) {
        return before;
      }
      List<CellState.PartFile> made = new ArrayList<>();
      for (CellMerge.Part part : result.parts()) {
        String key =
            "%s/part-%03d-%s.parquet"
                .formatted(partition.directory(), made.size(), unit.fingerprint().substring(0, 12));
        long bytes = PartCheck.bytes(part);
        files.store(part.path(), key);
        made.add(new CellState.PartFile(key, part.rows(), bytes, part.rowGroups()));
      }
      state = StacFiles.state(unit, result, made, merge.sourceKeys());
      if (!made.isEmpty()) {
        dataset.put(
            state.itemKey(),
            StacFiles.item(
                partition, state, MergedSchema.of(unit.sources().get(0).schema()), result.emb()));
      }
    } finally {
      FileTrees.delete(directory);
    }
    dataset.put(partition.stateKey(), state.json());
    files.removeOthers(state);
    return state;
  }

  /**
   * Returns whether a partition stays as it is, because it has rows of files that cannot be read
   * now: without them it would lose these rows. The next merge tries again.
   */
  private boolean mustKeep(CellState state, Set<String> unreadable) throws IOException {
    if (options.removeMissing()) {
      return false;
    }
    Set<String> lost = new TreeSet<>(state.sources());
    lost.removeAll(state.failed());
    lost.retainAll(unreadable);
    if (lost.isEmpty() || !files.hasAll(state)) {
      return false;
    }
    kept.incrementAndGet();
    log.error(
        "cell keeps its rows and gets no new ones, because a source cannot be read: cell={}"
            + " file={}: repair or delete the file, or remove its rows with --remove-missing",
        state.id(),
        lost.iterator().next());
    return true;
  }

  private boolean isCurrent(CellState state, MergePlan.Unit unit) throws IOException {
    return state.fingerprint().equals(unit.fingerprint())
        && state.failed().isEmpty()
        && files.hasAll(state);
  }

  /** Removes partitions that have no sources any more. */
  private void removeStale(
      Map<String, CellState> states, List<MergePlan.Unit> plan, Set<String> unreadable)
      throws IOException {
    Set<String> planned =
        plan.stream().map(unit -> unit.partition().id()).collect(Collectors.toSet());
    for (CellState state : states.values()) {
      if (!planned.contains(state.id()) && !mustKeep(state, unreadable)) {
        log.info("removing a cell without sources: cell={}", state.id());
        files.remove(state);
      }
    }
  }

  /** Writes the collection, until no other job has finished a cell in between. */
  private void publish(Layout layout, List<MergePlan.Unit> plan, SourceScan.Result scan)
      throws IOException, InterruptedException {
    Map<String, CellState> states = files.states();
    while (true) {
      List<CellState> sorted = new ArrayList<>(new TreeMap<>(states).values());
      if (sorted.size() == plan.size()) {
        requireAllRows(sorted, plan, scan);
      }
      dataset.put(StacFiles.COLLECTION, StacFiles.collection(layout, sorted, scan.sources()));
      Map<String, CellState> now = files.states();
      if (now.equals(states)) {
        return;
      }
      states = now;
    }
  }

  /** Compares the number of rows of the sources with those of a complete dataset. */
  private void requireAllRows(
      List<CellState> states, List<MergePlan.Unit> plan, SourceScan.Result scan) {
    Map<String, String> fingerprints =
        plan.stream()
            .collect(Collectors.toMap(u -> u.partition().id(), MergePlan.Unit::fingerprint));
    boolean current =
        states.stream()
            .allMatch(
                s -> s.failed().isEmpty() && s.fingerprint().equals(fingerprints.get(s.id())));
    long expected = scan.sources().stream().mapToLong(Source::rows).sum();
    long found = states.stream().mapToLong(s -> s.rows() + s.duplicates() + s.notFinite()).sum();
    if (current && expected != found) {
      throw new MachineException(
          "%s: expected %d rows, found %d: files changed while they were merged: merge again"
              .formatted(dataset.root(), expected, found),
          null);
    }
  }

  private MergeReport report(
      SourceScan.Result scan, Map<String, CellState> merged, double seconds) {
    List<FileFault> sorted = new ArrayList<>(new TreeMap<>(faults).values());
    return new MergeReport(
        scan.keys().size(),
        scan.empty(),
        merged.size(),
        unchanged.get(),
        kept.get(),
        merged.values().stream().mapToLong(CellState::rows).sum(),
        merged.values().stream().mapToLong(CellState::duplicates).sum(),
        merged.values().stream().mapToLong(CellState::notFinite).sum(),
        merged.values().stream().mapToLong(s -> s.files().size()).sum(),
        merged.values().stream()
            .flatMap(s -> s.files().stream())
            .mapToLong(CellState.PartFile::bytes)
            .sum(),
        Collections.unmodifiableList(sorted),
        seconds);
  }
}

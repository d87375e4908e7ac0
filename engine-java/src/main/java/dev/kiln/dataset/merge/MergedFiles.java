package dev.kiln.dataset.merge;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectWriter;
import dev.kiln.io.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** The files of the partitions of a dataset, and their states. The store is borrowed. */
final class MergedFiles {
  private final ObjectStore dataset;
  private final int threads;

  MergedFiles(ObjectStore dataset, int threads) {
    this.dataset = dataset;
    this.threads = threads;
  }

  /** Reads the states of all finished partitions, by id. */
  Map<String, CellState> states() throws IOException, InterruptedException {
    Map<String, CellState> states = new ConcurrentHashMap<>();
    try (Workers workers = new Workers("states", threads)) {
      workers.forEach(
          dataset.list(CellState.DIRECTORY).stream().filter(n -> n.endsWith(".json")).toList(),
          name ->
              CellState.read(dataset, CellState.DIRECTORY + "/" + name)
                  .ifPresent(state -> states.put(state.id(), state)));
    }
    return states;
  }

  /** Copies a checked file into the dataset, where it appears whole. */
  void store(Path file, String key) throws IOException {
    try (ObjectWriter object = dataset.write(key)) {
      Files.copy(file, object);
      object.complete();
    }
    Files.delete(file);
  }

  /** Returns whether the files of a partition exist as its state lists them. */
  boolean hasAll(CellState state) throws IOException {
    List<String> keys =
        new ArrayList<>(state.files().stream().map(CellState.PartFile::key).toList());
    if (!keys.isEmpty()) {
      keys.add(state.itemKey());
    }
    return dataset.existing(keys).size() == keys.size();
  }

  /** Deletes files of earlier fingerprints, and of merges that were killed. */
  void removeOthers(CellState state) throws IOException {
    Set<String> current =
        state.files().stream().map(CellState.PartFile::key).collect(Collectors.toSet());
    for (String name : dataset.list(state.directory())) {
      String key = state.directory() + "/" + name;
      if (name.endsWith(".parquet") && !current.contains(key)) {
        dataset.delete(key);
      }
    }
    if (current.isEmpty()) {
      dataset.delete(state.itemKey());
    }
  }

  /** Deletes a partition. */
  void remove(CellState state) throws IOException {
    for (CellState.PartFile file : state.files()) {
      dataset.delete(file.key());
    }
    dataset.delete(state.itemKey());
    dataset.delete(CellState.DIRECTORY + "/" + state.id() + ".json");
  }
}

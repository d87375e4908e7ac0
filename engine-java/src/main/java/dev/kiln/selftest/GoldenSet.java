package dev.kiln.selftest;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A directory with a checkpoint and golden cases of it.
 *
 * @param name of the checkpoint
 */
record GoldenSet(String name, Path checkpoint, List<GoldenCase> cases) {

  /**
   * Returns the sets in a directory: the directory itself and its subdirectories, if they have a
   * checkpoint.
   *
   * @throws ConfigurationException if there is no set, or one has no cases
   */
  static List<GoldenSet> under(Path directory) throws IOException {
    List<GoldenSet> sets = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      add(directory, sets);
      for (Path inside : entries(directory, Files::isDirectory)) {
        add(inside, sets);
      }
    }
    if (sets.isEmpty()) {
      throw new ConfigurationException(
          "--golden %s: expected a checkpoint (*.ckpt) and directories with case.json, found none"
              .formatted(directory));
    }
    return sets;
  }

  private static void add(Path directory, List<GoldenSet> sets) throws IOException {
    for (Path checkpoint : entries(directory, file -> file.toString().endsWith(".ckpt"))) {
      List<GoldenCase> cases = new ArrayList<>();
      for (Path each : entries(directory, file -> Files.exists(file.resolve("case.json")))) {
        cases.add(GoldenCase.read(each));
      }
      if (cases.isEmpty()) {
        throw new ConfigurationException(
            "--golden: expected directories with case.json, found none next to " + checkpoint);
      }
      String name = checkpoint.getFileName().toString().replaceFirst("\\.ckpt$", "");
      sets.add(new GoldenSet(name, checkpoint, cases));
    }
  }

  private static List<Path> entries(Path directory, Predicate<Path> wanted) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.filter(wanted).sorted().toList();
    }
  }

  /** Exports the checkpoint for all cases; an existing export is reused. */
  ModelDirectory model(Path directory) {
    Path out = directory.resolve(name);
    if (Files.exists(out.resolve(ModelDirectory.DESCRIPTION))) {
      return ModelDirectory.open(out);
    }
    PlatformCatalog catalog = PlatformCatalog.builtIn();
    return Exporter.export(
        checkpoint,
        new Exporter.Options(
            cases.stream().map(each -> catalog.get(each.platform())).toList(),
            cases.stream().map(GoldenCase::chip).toList(),
            false,
            false),
        out);
  }
}

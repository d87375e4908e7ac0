package dev.kiln.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The reports of attempts in an output directory. */
public final class Reports {
  private Reports() {}

  /** Returns the reports of a shard, oldest first; {@code run} is the shard of the whole list. */
  public static List<Path> of(Path out, String shard) throws IOException {
    Path directory = out.resolve("_kiln");
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(shard + "-"))
          .filter(file -> file.toString().endsWith(".json"))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    }
  }

  /** Returns the text of the newest report of the whole list. */
  public static String latest(Path out) throws IOException {
    List<Path> reports = of(out, "run");
    return Files.readString(reports.get(reports.size() - 1));
  }
}

package dev.kiln.sample;

import dev.kiln.archive.OutputKey;
import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Shortest tour of Kiln as the command lines that a user would type: sample, export, embed, inspect
 * and map.
 *
 * @param directory output directory of all steps
 */
public record Demo(Path directory) {
  private static final String MARKER = "kiln-demo.txt";
  private static final Architecture MODEL = Architecture.named("tiny");
  private static final int SCENES = 4;

  /** Returns the output directory of the embeddings. */
  public Path embeddings() {
    return directory.resolve("embeddings");
  }

  /**
   * Creates the directory, or empties it if it contains an earlier demo.
   *
   * @throws ConfigurationException if it contains anything else
   */
  public void begin() throws IOException {
    MarkedDirectory marked = new MarkedDirectory(directory, MARKER);
    marked.rejectForeign("an earlier demo");
    marked.begin("Written by kiln demo, which deletes this directory when it runs here again.\n");
  }

  /** Returns the commands, each without the leading {@code kiln}. */
  public List<List<String>> steps() {
    Path archive = directory.resolve("archive");
    Path model = directory.resolve("model");
    String first = OutputKey.of(SampleArchive.naipKeys(1).get(0));
    return List.of(
        List.of("sample", archive.toString(), "--naip", Integer.toString(SCENES)),
        List.of(
            "export",
            "--checkpoint",
            archive.resolve(SampleArchive.checkpoint(MODEL)).toString(),
            "--platform",
            "naip",
            "-o",
            model.toString()),
        List.of(
            "embed",
            "naip",
            "--scenes",
            archive.resolve(SampleArchive.NAIP_SCENES).toString(),
            "--model",
            model.toString(),
            "--source",
            archive.resolve(SampleArchive.NAIP).toString(),
            "--out",
            embeddings().toString()),
        List.of("inspect", embeddings().resolve(first).toString()),
        List.of("map", embeddings().toString(), "-o", map().toString()));
  }

  /** Returns the picture of the embeddings. */
  public Path map() {
    return directory.resolve("map.png");
  }

  /**
   * Returns the command that opens the page with the embeddings, which runs until it is stopped.
   */
  public List<String> explore() {
    return List.of(
        "explore",
        embeddings().toString(),
        "--source",
        directory.resolve("archive").resolve(SampleArchive.NAIP).toString());
  }

  /** Returns a command as a user would type it. */
  public static String typed(List<String> step) {
    return step.stream()
        .map(
            word -> word.matches("[\\w./,:=+@%-]+") ? word : "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" ", "kiln ", ""));
  }
}

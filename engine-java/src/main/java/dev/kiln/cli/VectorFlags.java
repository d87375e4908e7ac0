package dev.kiln.cli;

import dev.kiln.infer.VectorRequest;
import dev.kiln.run.VectorOptions;
import dev.kiln.sink.VectorType;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** Options that choose which vectors are written, and how they are stored. */
@Heading.Under(Heading.OUTPUT)
final class VectorFlags {
  private static final int DEFAULT_GRID = 4;
  private static final Set<String> KINDS = Set.of("chip", "mean", "patches");

  @Option(
      names = "--vectors",
      paramLabel = "KINDS",
      split = ",",
      defaultValue = "chip",
      description =
          "chip (the class token, column embeddings), and optionally mean (mean of the patch"
              + " tokens, column embeddings_mean) and patches (files in _patches). With them the"
              + " last block is computed for all tokens, by a CPU encoder (default:"
              + " ${DEFAULT-VALUE}).")
  private List<String> vectors;

  @Option(
      names = "--patch-grid",
      paramLabel = "N",
      description =
          "Average the patch tokens of each chip on a grid of N x N, or all for every token"
              + " (default: 4).")
  private String patchGrid;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description =
          "Type of stored vectors: float32, float16 or int8 with a scale per vector (default:"
              + " ${DEFAULT-VALUE}).")
  private VectorType dtype;

  /** Returns the options, checked. */
  VectorOptions options() {
    List<String> kinds = vectors.stream().map(k -> k.strip().toLowerCase(Locale.ROOT)).toList();
    if (!KINDS.containsAll(kinds) || !kinds.contains("chip")) {
      throw new OptionException(
          "--vectors: expected chip, alone or with mean and patches, found '%s'"
              .formatted(String.join(",", vectors)));
    }
    boolean patches = kinds.contains("patches");
    if (patchGrid != null && !patches) {
      throw new OptionException("--patch-grid: expected --vectors with patches, found none");
    }
    return new VectorOptions(
        new VectorRequest(kinds.contains("mean"), patches ? grid() : VectorRequest.NO_PATCHES),
        dtype);
  }

  private int grid() {
    if (patchGrid == null) {
      return DEFAULT_GRID;
    }
    if (patchGrid.strip().equalsIgnoreCase("all")) {
      return VectorRequest.ALL_PATCHES;
    }
    try {
      int grid = Integer.parseInt(patchGrid.strip());
      if (grid >= 1) {
        return grid;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new OptionException(
        "--patch-grid: expected 1 or more, or all, found '" + patchGrid + "'");
  }
}

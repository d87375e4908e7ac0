package dev.kiln.run;

import dev.kiln.infer.VectorRequest;
import dev.kiln.sink.VectorType;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which vectors of a chip are written, and how they are stored. Recorded in the footer of every
 * file.
 *
 * @param request vectors besides the embedding
 * @param type of stored values
 */
public record VectorOptions(VectorRequest request, VectorType type) {
  /** The embedding alone, in float32. */
  public static final VectorOptions PLAIN =
      new VectorOptions(VectorRequest.CHIP, VectorType.FLOAT32);

  /** {@return the options by name, as the footer of a file records them} */
  public Map<String, String> byName() {
    Map<String, String> options = new TreeMap<>();
    String vectors = "chip";
    if (request.mean()) {
      vectors += ",mean";
    }
    if (request.patchGrid() != VectorRequest.NO_PATCHES) {
      vectors += ",patches";
      options.put(
          "patch-grid",
          request.patchGrid() == VectorRequest.ALL_PATCHES
              ? "all"
              : Integer.toString(request.patchGrid()));
    }
    options.put("vectors", vectors);
    options.put("dtype", type.label());
    return options;
  }

  /** Returns the value of an option in files that do not record it. */
  static String unrecorded(String option) {
    return PLAIN.byName().getOrDefault(option, "");
  }
}

package dev.kiln.sink;

import dev.kiln.type.DataType;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the values of a file depend on beside the scene: the footer key {@code kiln}. Holds nothing
 * of when or where a run took place, so a scene embedded twice gives the same bytes.
 *
 * @param version Kiln's version
 * @param modelHash hash of the exported weights
 * @param modelSize such as {@code large}
 * @param encoder which encoder ran, such as {@code onednn}
 * @param precision type of the inputs of matrix products
 * @param options every option that changes values; kept in order of name
 */
public record Provenance(
    String version,
    String modelHash,
    String modelSize,
    String encoder,
    DataType precision,
    Map<String, String> options) {

  public Provenance {
    options = Collections.unmodifiableMap(new TreeMap<>(options));
  }
}

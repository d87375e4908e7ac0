package dev.kiln.sink;

import dev.kiln.type.DataType;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything besides the scene that the values of a file depend on: the footer key {@code kiln}. It
 * has no time or place, so that embedding a scene twice gives the same bytes.
 *
 * @param version Kiln's version
 * @param modelHash SHA-256 of the exported weights in hexadecimal
 * @param modelSize such as {@code large}
 * @param encoder encoder that ran, such as {@code onednn}
 * @param precision type of the inputs of matrix products
 * @param options every option that changes values, sorted by name
 */
public record Provenance(
    String version,
    String modelHash,
    String modelSize,
    String encoder,
    DataType precision,
    Map<String, String> options) {

  /** Copies and sorts the options. */
  public Provenance {
    options = Collections.unmodifiableMap(new TreeMap<>(options));
  }
}

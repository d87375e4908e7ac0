package dev.kiln.archive;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * One band of a STAC asset.
 *
 * @param name in the item ({@code B04}); may be empty
 * @param commonName in STAC ({@code red}); may be empty
 * @param nodata the stored value that means "no data"
 * @param scale conversion of stored values that the item states; empty if there is none
 * @param words what the item states about the values in words: unit and description
 */
public record StacBand(
    String name,
    String commonName,
    OptionalDouble nodata,
    Optional<StatedScale> scale,
    List<String> words) {
  /** Copies the words. */
  public StacBand {
    words = List.copyOf(words);
  }

  /** Returns the name and the common name, without those that are empty. */
  List<String> names() {
    return Stream.of(name, commonName).filter(text -> !text.isEmpty()).toList();
  }
}

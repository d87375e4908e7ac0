package dev.kiln.archive;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The file that contains one band of a scene.
 *
 * @param band the platform's name of the band, such as {@code red}; for a mask, the name of its
 *     asset
 * @param object the file
 * @param index of the band in the file, 1 for the first
 * @param nodata the stored value that means "no data", if the metadata states it
 * @param scale conversion of stored values, if the metadata states one
 * @param byOrder whether nothing but the position of the band in the file tells which it is
 * @param words what the metadata state about the values in words, such as a unit or a collection
 * @param described how an item describes the band; {@link Described#NOT} for plain files
 */
public record BandAsset(
    String band,
    ObjectRef object,
    int index,
    OptionalDouble nodata,
    Optional<StatedScale> scale,
    boolean byOrder,
    List<String> words,
    Described described) {
  /**
   * How an item describes a band.
   *
   * @param bands number of bands of the file that it names; 0 for none
   * @param names name and common name of this band, and that of its asset if it has no other band
   */
  public record Described(int bands, List<String> names) {
    /** No item describes the band. */
    public static final Described NOT = new Described(0, List.of());

    /** Copies the names. */
    public Described {
      names = List.copyOf(names);
    }
  }

  /** Copies the words. */
  public BandAsset {
    words = List.copyOf(words);
  }

  /**
   * Creates the place of a band about whose values nothing is stated.
   *
   * @param band the platform's name of the band
   * @param object the file
   * @param index of the band in the file, 1 for the first
   * @param nodata the stored value that means "no data", if the metadata states it
   */
  public BandAsset(String band, ObjectRef object, int index, OptionalDouble nodata) {
    this(band, object, index, nodata, Optional.empty(), false, List.of(), Described.NOT);
  }
}

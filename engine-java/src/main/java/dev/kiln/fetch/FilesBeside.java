package dev.kiln.fetch;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a directory has beside an image, according to GDAL's names. Stores other than directories
 * would need requests to find it, so they have nothing.
 *
 * @param auxiliary content of {@code IMAGE.aux.xml}
 * @param mask whether there is an {@code IMAGE.msk}
 * @param worldFile name of a world file; looked up when it is asked for
 */
public record FilesBeside(
    Optional<byte[]> auxiliary, boolean mask, Supplier<Optional<String>> worldFile) {
  /** Suffix of GDAL's description of an image. */
  public static final String AUXILIARY = ".aux.xml";

  /** Suffix of the mask of an image. */
  public static final String MASK = ".msk";

  /** Nothing is beside the image, or the store does not look. */
  public static final FilesBeside NONE = new FilesBeside(Optional.empty(), false, Optional::empty);
}

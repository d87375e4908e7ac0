package dev.kiln.archive;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One band of a STAC asset.
 *
 * @param name in the item ({@code B04}); may be empty
 * @param commonName in STAC ({@code red}); may be empty
 * @param nodata the stored value that means "no data"
 * @param scale conversion of stored values that the item states; empty if there is none
 */
public record StacBand(
    String name, String commonName, OptionalDouble nodata, Optional<StatedScale> scale) {}

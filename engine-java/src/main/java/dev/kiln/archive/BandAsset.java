package dev.kiln.archive;

import java.util.OptionalDouble;

/**
 * Where one band of a scene lies.
 *
 * @param band the platform's name for it, such as {@code red}; for a mask its asset's name
 * @param object the file
 * @param index the band within the file, 1 for the first
 * @param nodata the stored value that means "no data", where the metadata names one
 */
public record BandAsset(String band, ObjectRef object, int index, OptionalDouble nodata) {}

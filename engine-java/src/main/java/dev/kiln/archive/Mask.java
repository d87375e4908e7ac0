package dev.kiln.archive;

import java.util.OptionalInt;

/**
 * The classification band that says which chips of a scene are worth fetching.
 *
 * @param band where it lies
 * @param classes what its values say
 * @param gridWidth pixels a line of the scene's finest band, where the metadata say; the mask may
 *     be coarser
 */
public record Mask(BandAsset band, PixelClasses classes, OptionalInt gridWidth) {}

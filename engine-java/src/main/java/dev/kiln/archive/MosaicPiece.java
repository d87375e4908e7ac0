package dev.kiln.archive;

import java.util.OptionalDouble;

/**
 * A reference to a file and its place in a mosaic, which has the same resolution; a part of it is
 * used. Later pieces cover earlier ones.
 *
 * @param object the file
 * @param x left edge of the part in the file, in pixels
 * @param y upper edge of the part in the file, in pixels
 * @param width of the part in pixels
 * @param height of the part in pixels
 * @param left column of the mosaic at which the part starts
 * @param top row of the mosaic at which the part starts
 * @param masked whether pixels that the file's mask or alpha band excludes cover nothing
 * @param nodata value that covers nothing; empty if all values cover
 */
public record MosaicPiece(
    ObjectRef object,
    int x,
    int y,
    int width,
    int height,
    int left,
    int top,
    boolean masked,
    OptionalDouble nodata) {}

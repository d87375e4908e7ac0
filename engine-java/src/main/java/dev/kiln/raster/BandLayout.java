package dev.kiln.raster;

/**
 * Where the pixels of a read go: pixel (i, j) of its k-th band at byte {@code offset + k·bandStride
 * + j·lineStride + i·pixelStride}.
 *
 * @param offset byte of the first pixel of the first band
 * @param pixelStride bytes from pixel to pixel
 * @param lineStride bytes from line to line
 * @param bandStride bytes from band to band
 */
record BandLayout(long offset, long pixelStride, long lineStride, long bandStride) {}

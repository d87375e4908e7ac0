package dev.kiln.raster;

/** Decoder of a file's tiles. */
public enum TileDecoder {
  /** Kiln's native decoder, for the formats that large archives use. */
  NATIVE,
  /** GDAL, for all other formats. */
  GDAL
}

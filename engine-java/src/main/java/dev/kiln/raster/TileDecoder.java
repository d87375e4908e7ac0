package dev.kiln.raster;

/** What decodes the tiles of a file. */
public enum TileDecoder {
  /** Kiln's own, for the kinds of tile that archives are made of. */
  NATIVE,
  /** GDAL, for all others. */
  GDAL
}

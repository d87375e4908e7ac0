package dev.kiln.sample;

import dev.kiln.type.PixelType;

/** Files of a Sentinel-2 scene, in the order of their pixels in a painted strip. */
enum Sentinel2Band {
  BLUE("B02", "blue", 10, 1024),
  GREEN("B03", "green", 10, 1024),
  RED("B04", "red", 10, 1024),
  NIR("B08", "nir", 10, 1024),
  REDEDGE1("B05", "rededge1", 20, 512),
  REDEDGE2("B06", "rededge2", 20, 512),
  REDEDGE3("B07", "rededge3", 20, 512),
  NIR08("B8A", "nir08", 20, 512),
  SWIR16("B11", "swir16", 20, 1024),
  SWIR22("B12", "swir22", 20, 512),
  SCL("SCL", "scl", 20, 512);

  private final String file;
  private final String commonName;
  private final int metres;
  private final int tile;

  Sentinel2Band(String file, String commonName, int metres, int tile) {
    this.file = file;
    this.commonName = commonName;
    this.metres = metres;
    this.tile = tile;
  }

  /** Returns the file name without suffix. */
  String file() {
    return file;
  }

  /** Returns the name of the asset in the STAC item. */
  String commonName() {
    return commonName;
  }

  /** Returns the pixel size in metres. */
  int metres() {
    return metres;
  }

  /** Returns the width of a pixel in pixels of 10 m. */
  int repeat() {
    return metres / 10;
  }

  /** Returns the edge of a tile in pixels. */
  int tile() {
    return tile;
  }

  /** Returns the pixel type. */
  PixelType type() {
    return this == SCL ? PixelType.UINT8 : PixelType.UINT16;
  }
}

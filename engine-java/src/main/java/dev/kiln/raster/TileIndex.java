package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.memory.ByteRange;
import dev.kiln.tiles.TiledTiff;

/**
 * Where the tiles of an image are in the object, numbered row by row and, if planar, band by band.
 * All of them are checked to lie within the object.
 */
final class TileIndex implements TiledTiff.Tiles {
  static final int MOST_TILES = 1 << 24;

  /** Decoded bytes that any file may have. */
  private static final long FREE_DECODED_BYTES = 256 << 20;

  /**
   * Decoded bytes per stored byte: DEFLATE reaches 1032 and LZW about 1400. Beyond that, tiles
   * share their bytes to decode to far more than is stored.
   */
  private static final long MOST_EXPANSION = 2_000;

  /** The same for compressions that store a constant tile in a few bytes. */
  private static final long MOST_EXPANSION_OF_CONSTANTS = 50_000;

  private static final int UNCOMPRESSED = 1;

  private final CogLayout layout;
  private final boolean strips;
  private final long[] offsets;
  private final long[] lengths;

  private TileIndex(CogLayout layout, boolean strips, long[] offsets, long[] lengths) {
    this.layout = layout;
    this.strips = strips;
    this.offsets = offsets;
    this.lengths = lengths;
  }

  /**
   * Reads the index of an image.
   *
   * @param image the image's directory
   * @param layout sizes and coding of the image; nothing else of it is read
   * @throws SceneException permanent if it is corrupt, or tiles are outside the object
   */
  static TileIndex of(TiffDirectory image, CogLayout layout) throws SceneException {
    boolean tiled = image.has(TiffTags.TILE_WIDTH);
    int offsets = tiled ? TiffTags.TILE_OFFSETS : TiffTags.STRIP_OFFSETS;
    int otherOffsets = tiled ? TiffTags.STRIP_OFFSETS : TiffTags.TILE_OFFSETS;
    int bytes = tiled ? TiffTags.TILE_BYTES : TiffTags.STRIP_BYTES;
    int otherBytes = tiled ? TiffTags.STRIP_BYTES : TiffTags.TILE_BYTES;
    String name = tiled ? "tile" : "strip";
    TileIndex index =
        new TileIndex(
            layout,
            !tiled,
            either(image, offsets, otherOffsets, name + " offsets"),
            either(image, bytes, otherBytes, name + " byte counts"));
    index.check();
    return index;
  }

  /** Returns the values of a field or, as libtiff does, of the one with the same meaning. */
  private static long[] either(TiffDirectory image, int tag, int other, String name)
      throws SceneException {
    return image.numbers(image.has(tag) || !image.has(other) ? tag : other, name);
  }

  private static long tiles(CogLayout layout) {
    return (long) layout.columns() * layout.rows() * (layout.interleaved() ? 1 : layout.bands());
  }

  /** Returns the error of a file with more tiles than Kiln reads the places of. */
  static SceneException tooMany(String objectKey, String found) {
    return SceneException.permanent(
        objectKey,
        "expected at most %d tiles, found %s: rewrite the file with larger tiles"
            .formatted(MOST_TILES, found));
  }

  private void check() throws SceneException {
    long tiles = tiles(layout);
    if (offsets.length < tiles || lengths.length < tiles) {
      throw SceneException.permanent(
          layout.objectKey(),
          "corrupt TIFF: expected %d tiles, found %d offsets and %d byte counts"
              .formatted(tiles, offsets.length, lengths.length));
    }
    long written = 0;
    for (int i = 0; i < tiles; i++) {
      written += lengths[i] > 0 ? 1 : 0;
      if (lengths[i] > Integer.MAX_VALUE || offsets[i] > layout.size() - lengths[i]) {
        throw SceneException.permanent(
            layout.objectKey(),
            "tile %d: expected bytes %d+%d, found an object of %d bytes: it is truncated or corrupt"
                .formatted(i, offsets[i], lengths[i], layout.size()));
      }
    }
    checkExpansion(written);
    if (layout.compression() <= UNCOMPRESSED) {
      checkUncompressed(tiles);
    }
  }

  /**
   * Checks that uncompressed tiles are complete: GDAL would read on behind the bytes of one, which
   * are not fetched.
   */
  private void checkUncompressed(long tiles) throws SceneException {
    long bits = (long) layout.bits() * (layout.interleaved() ? layout.bands() : 1);
    long line = (layout.tileWidth() * bits + 7) / 8;
    for (int i = 0; i < tiles; i++) {
      int row = i / layout.columns() % layout.rows();
      // The last strip has only the rows that are left; tiles are padded.
      long left = layout.height() - (long) row * layout.tileHeight();
      long rows = strips ? Math.min(left, layout.tileHeight()) : layout.tileHeight();
      if (lengths[i] > 0 && lengths[i] / line < rows) {
        throw SceneException.permanent(
            layout.objectKey(),
            "tile %d: expected %d uncompressed bytes, found %d: the file is corrupt"
                .formatted(i, rows * line, lengths[i]));
      }
    }
  }

  /** Refuses files whose tiles share bytes in order to decode to far more than is stored. */
  private void checkExpansion(long written) throws SceneException {
    double tileBytes =
        (double) layout.tileWidth()
            * layout.tileHeight()
            * (layout.interleaved() ? layout.bands() : 1)
            * layout.bits()
            / 8;
    int compression = layout.compression();
    boolean constants = compression > 8 && compression != 32773 && compression != 32946;
    long most = constants ? MOST_EXPANSION_OF_CONSTANTS : MOST_EXPANSION;
    if (written * tileBytes > FREE_DECODED_BYTES + (double) most * layout.size()) {
      throw SceneException.permanent(
          layout.objectKey(),
          "expected at most %d decoded bytes per stored byte, found %.0f: tiles share their bytes"
              .formatted(most, written * tileBytes / layout.size()));
    }
  }

  /** Returns the bytes of a tile; none if it was never written. */
  ByteRange tile(int index) {
    return new ByteRange(offsets[index], lengths[index]);
  }

  @Override
  public long offset(int index) {
    return offsets[index];
  }

  @Override
  public long size(int index) {
    return lengths[index];
  }
}

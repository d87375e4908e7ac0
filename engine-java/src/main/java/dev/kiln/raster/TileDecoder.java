package dev.kiln.raster;

import dev.kiln.fault.SceneFault;
import dev.kiln.memory.HostBuffer;

/** Decodes windows of one open file. For one thread at a time. */
interface TileDecoder {
  /** Which one it is. */
  Decoder kind();

  /**
   * Reads a window of some bands in the file's own pixel type.
   *
   * @param bands their numbers, from 1
   * @param into receives the pixels where {@code layout} says, which is inside of it
   * @throws SceneFault permanent if a tile cannot be decoded
   */
  void read(int[] bands, int x, int y, int w, int h, HostBuffer into, CogFile.BandLayout layout)
      throws SceneFault;
}

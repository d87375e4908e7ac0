package dev.kiln.cuda;

/**
 * The grid and block size of a kernel launch.
 *
 * @param blocksX blocks along x, at least 1
 * @param blocksY blocks along y, 1 to 65,535
 * @param blocksZ blocks along z, 1 to 65,535
 * @param threads per block, 1 to 1024
 * @param sharedBytes dynamic shared memory per block
 */
public record LaunchShape(int blocksX, int blocksY, int blocksZ, int threads, int sharedBytes) {
  public LaunchShape {
    if (blocksX < 1 || blocksY < 1 || blocksZ < 1 || blocksY > 65_535 || blocksZ > 65_535) {
      throw new IllegalArgumentException(
          "%d × %d × %d blocks".formatted(blocksX, blocksY, blocksZ));
    }
    if (threads < 1 || threads > 1024 || sharedBytes < 0) {
      throw new IllegalArgumentException(
          "%d threads, %d bytes of shared memory".formatted(threads, sharedBytes));
    }
  }

  /** Returns a one-dimensional grid without dynamic shared memory. */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(blocks, 1, 1, threads, 0);
  }
}

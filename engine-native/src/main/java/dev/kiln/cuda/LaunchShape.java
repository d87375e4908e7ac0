package dev.kiln.cuda;

/**
 * How many threads run a kernel.
 *
 * @param blocksX blocks along x, at least 1
 * @param blocksY blocks along y, 1 to 65,535
 * @param blocksZ blocks along z, 1 to 65,535
 * @param threads of a block, 1 to 1024
 * @param sharedBytes dynamic shared memory of a block
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

  /** Blocks in a row, without shared memory of their own choosing. */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(blocks, 1, 1, threads, 0);
  }
}

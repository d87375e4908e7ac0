package dev.kiln.sample;

/** Trees, with sunlit and shaded sides where pixels are small enough. Not thread-safe. */
final class Woodland {
  private static final double CROWN = 7.5;

  private final boolean crowns;
  private final Mosaic trees;

  /**
   * Creates the wood.
   *
   * @param seed random seed
   * @param crowns whether pixels are small enough to show crowns
   */
  Woodland(long seed, boolean crowns) {
    this.crowns = crowns;
    this.trees = new Mosaic(seed, "trees", CROWN, 0.9f);
  }

  /**
   * Paints the wood at a position.
   *
   * @param vigour see {@link Terrain#VIGOUR}; broadleaves grow where it is high
   */
  void paint(double x, double y, float vigour, Ground ground) {
    ground.set(Material.CONIFER);
    ground.cover(Material.BROADLEAF, 0.5f + 0.8f * vigour);
    if (crowns) {
      trees.locate(x, y);
      // The sun is in the south-east.
      float sunny = (trees.fromCenterX() - trees.fromCenterY()) / (float) CROWN;
      float gap = Math.min(1, trees.edge() / 1.2f);
      float own = Noise.unit(trees.cell(), 2);
      ground.light((0.55f + 0.45f * gap) * (0.75f + 0.45f * own + 0.55f * sunny));
    }
  }
}

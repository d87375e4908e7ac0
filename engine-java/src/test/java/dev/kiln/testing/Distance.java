package dev.kiln.testing;

/** Distance between embeddings. */
public final class Distance {
  private Distance() {}

  /**
   * Returns the relative L2 error {@code ‖out − reference‖ / ‖reference‖} of the values from an
   * index on.
   */
  public static double relative(float[] out, float[] reference, int from, int length) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < from + length; i++) {
      difference += Math.pow((double) out[i] - reference[i], 2);
      norm += Math.pow(reference[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}

package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.List;

/**
 * How a list of scenes becomes arrays of jobs. AWS Batch takes arrays of 2 to 10,000 children, so a
 * longer list goes to several, and a single child is a job of its own.
 *
 * @param scenes in the list
 * @param itemsPerJob scenes that a child takes
 */
public record ArraySplit(long scenes, int itemsPerJob) {
  /** The most children of an array that AWS Batch takes. */
  public static final int LARGEST_ARRAY = 10_000;

  /** More than this many children would be more than anyone meant. */
  private static final long MOST_CHILDREN = 1_000_000;

  /**
   * Some of the children.
   *
   * @param first index of the first of them in the whole list's cut
   * @param children how many; 1 is no array
   */
  public record Part(int first, int children) {}

  public ArraySplit {
    if (scenes < 1) {
      throw new ConfigurationException("the scene list is empty; write one with kiln manifest");
    }
    if (itemsPerJob < 1) {
      throw new ConfigurationException("--items-per-job " + itemsPerJob + ": at least 1 expected");
    }
    if ((scenes - 1) / itemsPerJob >= MOST_CHILDREN) {
      throw new ConfigurationException(
          "--items-per-job %d: %,d scenes would be more than %,d jobs; give each more"
              .formatted(itemsPerJob, scenes, MOST_CHILDREN));
    }
  }

  /** Jobs in all. */
  public int children() {
    return (int) ((scenes + itemsPerJob - 1) / itemsPerJob);
  }

  /** Arrays, as even as can be, so that none is left with a single child. */
  public List<Part> parts() {
    int children = children();
    int arrays = (children + LARGEST_ARRAY - 1) / LARGEST_ARRAY;
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < arrays; i++) {
      int from = (int) ((long) children * i / arrays);
      int to = (int) ((long) children * (i + 1) / arrays);
      parts.add(new Part(from, to - from));
    }
    return parts;
  }
}

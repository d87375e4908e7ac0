package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.List;

/**
 * Split of a scene list into array jobs. An array of AWS Batch has 2 to 10,000 children, so a
 * longer list needs several arrays, and a single child is a job without an array.
 *
 * @param scenes scenes in the list
 * @param itemsPerJob scenes per child
 */
public record ArraySplit(long scenes, int itemsPerJob) {
  /** Limit of AWS Batch. */
  public static final int MAX_ARRAY_SIZE = 10_000;

  /** More children than this are taken for a mistake. */
  private static final long MAX_CHILDREN = 1_000_000;

  /**
   * One array job.
   *
   * @param firstIndex index of its first child among all children
   * @param children number of children; 1 is a job without an array
   */
  public record Part(int firstIndex, int children) {}

  /** Checks the numbers. */
  public ArraySplit {
    if (scenes < 1) {
      throw new ConfigurationException("the scene list is empty; write one with kiln manifest");
    }
    if (itemsPerJob < 1) {
      throw new ConfigurationException("--items-per-job: expected 1 or more, found " + itemsPerJob);
    }
    if ((scenes - 1) / itemsPerJob >= MAX_CHILDREN) {
      throw new ConfigurationException(
          "--items-per-job %d: %,d scenes need more than %,d jobs; raise it"
              .formatted(itemsPerJob, scenes, MAX_CHILDREN));
    }
  }

  /** Returns the number of children of all arrays. */
  public int children() {
    return (int) ((scenes + itemsPerJob - 1) / itemsPerJob);
  }

  /** Returns arrays of nearly equal size, so that none is left with a single child. */
  public List<Part> parts() {
    int children = children();
    int arrays = (children + MAX_ARRAY_SIZE - 1) / MAX_ARRAY_SIZE;
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < arrays; i++) {
      int from = (int) ((long) children * i / arrays);
      int to = (int) ((long) children * (i + 1) / arrays);
      parts.add(new Part(from, to - from));
    }
    return parts;
  }
}

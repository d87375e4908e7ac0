package dev.kiln.dataset.merge;

import java.util.Comparator;

/**
 * One partition of a dataset: chips of one platform, year and cell, and where models are mixed of
 * one model.
 *
 * @param platform such as {@code naip}
 * @param year of acquisition, UTC
 * @param model label of the model; empty where the dataset has one model
 * @param cell of the grid of the platform
 * @param cellName name of the cell
 */
record Partition(String platform, int year, String model, CellGrid.Cell cell, String cellName)
    implements Comparable<Partition> {

  private static final Comparator<Partition> ORDER =
      Comparator.comparing(Partition::platform)
          .thenComparingInt(Partition::year)
          .thenComparing(Partition::model)
          .thenComparing(Partition::cellName);

  /** Directory of the files below the root of the dataset. */
  String directory() {
    return "data/platform="
        + platform
        + "/year="
        + year
        + (model.isEmpty() ? "" : "/model=" + model)
        + "/cell="
        + cellName;
  }

  /** Identifies the partition; also the id of its STAC Item. */
  String id() {
    return platform + "-" + year + "-" + (model.isEmpty() ? "" : model + "-") + cellName;
  }

  String stateKey() {
    return CellState.DIRECTORY + "/" + id() + ".json";
  }

  @Override
  public int compareTo(Partition other) {
    return ORDER.compare(this, other);
  }
}

package dev.kiln.awsbatch;

/**
 * Time and cost of a workload on one instance type.
 *
 * @param instance instance type
 * @param plan how the list is split
 * @param chipsPerSecond rate of a child
 * @param children the children
 * @param hours wall-clock hours until the last child ends, with all instances from the start
 * @param meetsDeadline whether that is within the deadline
 * @param instanceHours billed hours of instances, with the start of every child
 * @param cost the cost
 */
public record Estimate(
    String instance,
    Plan plan,
    double chipsPerSecond,
    Children children,
    double hours,
    boolean meetsDeadline,
    double instanceHours,
    Cost cost) {
  /** How a list is split into children. */
  public enum Plan {
    /** The least money within the deadline: as few children as limits allow. */
    CHEAPEST,
    /** The least time: a child for every slot of the compute environment. */
    FASTEST,
    /** The scenes per child that the user gave. */
    GIVEN
  }

  /**
   * Children of a plan.
   *
   * @param itemsPerJob scenes per child
   * @param count number of children
   * @param arrays array jobs of at most 10,000 children
   * @param concurrent children that run at once
   * @param minutes duration of a child, its start included
   */
  public record Children(int itemsPerJob, int count, int arrays, int concurrent, double minutes) {}

  /**
   * Cost in US dollars.
   *
   * @param onDemand instances at on-demand prices
   * @param spot instances at spot prices
   * @param s3 requests and transfer
   */
  public record Cost(double onDemand, double spot, double s3) {}
}

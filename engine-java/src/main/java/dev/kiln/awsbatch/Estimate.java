package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;

/**
 * What a workload takes on one type of machine.
 *
 * @param instance type
 * @param chipsPerSecond of one GPU
 * @param gpuHours with the start of every child
 * @param instanceHours the same, shared among an instance's GPUs
 * @param itemsPerJob scenes a child should take
 * @param children of all arrays
 * @param arrays of at most 10,000 children
 * @param atOnce children that run at once
 * @param minutesPerChild with its start
 * @param wallHours until the last child ends, all running when there is work
 * @param onDemand dollars for machines
 * @param spot dollars for machines
 * @param storage dollars for requests and transfer
 */
public record Estimate(
    String instance,
    double chipsPerSecond,
    double gpuHours,
    double instanceHours,
    int itemsPerJob,
    int children,
    int arrays,
    int atOnce,
    double minutesPerChild,
    double wallHours,
    double onDemand,
    double spot,
    double storage) {

  /**
   * What to reckon with.
   *
   * @param maxVcpus of the compute environment, whose share bounds what runs at once
   * @param startSeconds from a container's start to its first chip: image, model, plan
   * @param minutesPerChild how long a child should take: long against its start, short against what
   *     a machine that is taken away may cost
   * @param itemsPerJob scenes a child takes; 0 to choose by {@code minutesPerChild}
   */
  public record Terms(int maxVcpus, double startSeconds, double minutesPerChild, int itemsPerJob) {
    public Terms {
      if (maxVcpus < 1) {
        throw new ConfigurationException("--max-vcpus " + maxVcpus + ": at least 1 expected");
      }
      if (!(startSeconds >= 0)) {
        throw new ConfigurationException(
            "--start-seconds " + startSeconds + ": at least 0 expected");
      }
      if (!(minutesPerChild > 0)) {
        throw new ConfigurationException(
            "--minutes-per-child " + minutesPerChild + ": more than 0 expected");
      }
      if (itemsPerJob < 0) {
        throw new ConfigurationException(
            "--items-per-job " + itemsPerJob + ": at least 1 expected");
      }
    }
  }

  /**
   * Reckons.
   *
   * @param name type of machine
   * @param chipsPerSecond of one of its GPUs
   */
  public static Estimate of(
      Workload work, String name, PriceTable prices, double chipsPerSecond, Terms terms) {
    PriceTable.Instance machine = prices.instance(name);
    if (!(chipsPerSecond > 0) || Double.isInfinite(chipsPerSecond)) {
      throw new ConfigurationException(
          "--chips-per-second " + chipsPerSecond + ": more than 0 expected");
    }
    int atOnce = terms.maxVcpus() / machine.vcpus() * machine.gpus();
    if (atOnce == 0) {
      throw new ConfigurationException(
          "--max-vcpus %d: a %s has %d".formatted(terms.maxVcpus(), name, machine.vcpus()));
    }
    double secondsPerScene = work.chipsPerScene() / chipsPerSecond;
    int items =
        terms.itemsPerJob() > 0
            ? terms.itemsPerJob()
            : items(work.scenes(), secondsPerScene, atOnce, terms);
    ArraySplit cut = new ArraySplit(work.scenes(), items);
    int children = cut.children();
    double childSeconds = Math.min(items, work.scenes()) * secondsPerScene + terms.startSeconds();
    double gpuHours = (work.scenes() * secondsPerScene + children * terms.startSeconds()) / 3600;
    double instanceHours = gpuHours / machine.gpus();
    double waves = Math.ceil((double) children / atOnce);
    PriceTable.Storage s3 = prices.storage();
    // A file and two reports a child; a list request for every thousand scenes.
    double puts = work.scenes() + 2.0 * children + work.scenes() / 1000.0;
    return new Estimate(
        name,
        chipsPerSecond,
        gpuHours,
        instanceHours,
        items,
        children,
        cut.parts().size(),
        Math.min(atOnce, children),
        childSeconds / 60,
        waves * childSeconds / 3600,
        instanceHours * machine.onDemand(),
        instanceHours * machine.spot(),
        work.reads() / 1000 * s3.getPer1000()
            + puts / 1000 * s3.putPer1000()
            + work.bytesRead() / 1e9 * s3.transferPerGb());
  }

  /** Scenes for a child: of the wanted length, but enough children to keep every GPU at work. */
  private static int items(long scenes, double secondsPerScene, int atOnce, Terms terms) {
    double wanted =
        Math.max(1, Math.floor(terms.minutesPerChild() * 60 / Math.max(secondsPerScene, 1e-9)));
    double even = Math.max(1, Math.ceil((double) scenes / atOnce));
    double items = Math.min(Math.min(wanted, even), scenes);
    return (int) Math.min(round(items), Integer.MAX_VALUE);
  }

  /** Down to two digits, which is easier to remember than it is exact. */
  private static double round(double items) {
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(items)) - 1));
    return Math.floor(items / unit) * unit;
  }
}

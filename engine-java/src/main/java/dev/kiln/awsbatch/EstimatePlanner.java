package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Chooses the number of scenes per child for an instance type. Every child costs its start, so the
 * cheapest plan has the fewest children that the deadline and the longest allowed child permit; the
 * fastest plan keeps every slot busy.
 */
public final class EstimatePlanner {
  /** Rounding may cost this share. */
  private static final double ROUNDING_COST = 1.01;

  private final Workload work;
  private final PriceTable prices;
  private final Terms terms;

  /**
   * Limits of a plan.
   *
   * @param maxVcpus maximum vCPUs of the compute environment
   * @param startSeconds from the start of a container to its first chip: image, model, plan
   * @param maxMinutesPerChild longest child: what an interruption can waste is bounded by it
   * @param deadlineHours wall-clock hours; empty for none
   * @param itemsPerJob scenes per child; empty to choose
   */
  public record Terms(
      int maxVcpus,
      double startSeconds,
      double maxMinutesPerChild,
      OptionalDouble deadlineHours,
      OptionalInt itemsPerJob) {
    /** Checks the limits. */
    public Terms {
      require("--max-vcpus", maxVcpus >= 1, "1 or more", maxVcpus);
      require("--start-seconds", startSeconds >= 0, "0 or more", startSeconds);
      require("--minutes-per-child", maxMinutesPerChild > 0, "more than 0", maxMinutesPerChild);
      deadlineHours.ifPresent(hours -> require("--deadline", hours > 0, "more than 0", hours));
      itemsPerJob.ifPresent(n -> require("--items-per-job", n >= 1, "1 or more", n));
    }

    private static void require(String option, boolean valid, String expected, Number found) {
      if (!valid) {
        throw new ConfigurationException(
            "%s: expected %s, found %s".formatted(option, expected, found));
      }
    }
  }

  /** Creates a planner. */
  public EstimatePlanner(Workload work, PriceTable prices, Terms terms) {
    this.work = work;
    this.prices = prices;
    this.terms = terms;
  }

  /**
   * Returns the plans for an instance type, the recommended one first: the one with the given
   * scenes per child, or the cheapest within the deadline and the fastest, if they differ.
   *
   * @param chipsPerSecond rate of a child
   * @throws ConfigurationException if the compute environment is too small for one instance
   */
  public List<Estimate> plans(String type, double chipsPerSecond) {
    PriceTable.Instance instance = prices.instance(type);
    int slots = terms.maxVcpus() / instance.vcpus() * instance.children();
    if (slots == 0) {
      throw new ConfigurationException(
          "--max-vcpus %d: expected %d or more for a %s"
              .formatted(terms.maxVcpus(), instance.vcpus(), type));
    }
    Machine machine = new Machine(type, instance, slots, chipsPerSecond);
    if (terms.itemsPerJob().isPresent()) {
      return List.of(estimate(machine, terms.itemsPerJob().getAsInt(), Estimate.Plan.GIVEN));
    }
    Estimate cheapest = cheapest(machine);
    Estimate fastest = estimate(machine, even(slots), Estimate.Plan.FASTEST);
    return cheapest.children().itemsPerJob() == fastest.children().itemsPerJob()
        ? List.of(cheapest)
        : List.of(cheapest, fastest);
  }

  private record Machine(
      String type, PriceTable.Instance instance, int slots, double chipsPerSecond) {}

  private Estimate cheapest(Machine machine) {
    List<Estimate> candidates = new ArrayList<>();
    for (int items : candidates(machine)) {
      candidates.add(estimate(machine, items, Estimate.Plan.CHEAPEST));
    }
    // Within the deadline the cheapest, then the quickest; else the one that ends first.
    Estimate best =
        candidates.stream()
            .filter(Estimate::meetsDeadline)
            .min(
                Comparator.comparingDouble(Estimate::instanceHours)
                    .thenComparingDouble(Estimate::hours))
            .orElseGet(
                () ->
                    candidates.stream()
                        .min(Comparator.comparingDouble(Estimate::hours))
                        .orElseThrow());
    Estimate rounded =
        estimate(machine, round(best.children().itemsPerJob()), Estimate.Plan.CHEAPEST);
    boolean good =
        rounded.meetsDeadline() == best.meetsDeadline()
            && rounded.instanceHours() <= best.instanceHours() * ROUNDING_COST
            && rounded.hours() <= best.hours() * ROUNDING_COST;
    return good ? rounded : best;
  }

  /** Returns the longest children that the limits allow, and even splits for every wave count. */
  private List<Integer> candidates(Machine machine) {
    double secondsPerScene = Math.max(work.chipsPerScene() / machine.chipsPerSecond(), 1e-9);
    double seconds = terms.maxMinutesPerChild() * 60;
    if (terms.deadlineHours().isPresent()) {
      seconds = Math.min(seconds, terms.deadlineHours().getAsDouble() * 3600);
    }
    double most = Math.floor((seconds - terms.startSeconds()) / secondsPerScene);
    int longest = (int) Math.max(1, Math.min(Math.min(most, work.scenes()), Integer.MAX_VALUE));
    List<Integer> candidates = new ArrayList<>(List.of(longest));
    long minWaves = (long) Math.ceil(Math.ceil((double) work.scenes() / longest) / machine.slots());
    for (long waves = minWaves; waves < minWaves + 3; waves++) {
      candidates.add(Math.min(longest, even(machine.slots() * waves)));
    }
    return candidates;
  }

  private int even(long children) {
    return (int) Math.min(Math.ceil((double) work.scenes() / children), Integer.MAX_VALUE);
  }

  /** Rounds down to two significant digits. */
  private static int round(int items) {
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(items)) - 1));
    return (int) (Math.floor(items / unit) * unit);
  }

  private Estimate estimate(Machine machine, int items, Estimate.Plan plan) {
    double secondsPerScene = work.chipsPerScene() / machine.chipsPerSecond();
    ArraySplit split = new ArraySplit(work.scenes(), items);
    int children = split.children();
    double childSeconds = Math.min(items, work.scenes()) * secondsPerScene + terms.startSeconds();
    long waves = (children + machine.slots() - 1L) / machine.slots();
    double hours = waves * childSeconds / 3600;
    double instanceHours = billedSeconds(machine, children, childSeconds, secondsPerScene) / 3600;
    PriceTable.Storage s3 = prices.storage();
    // A file per scene, two reports per child, and a listing per thousand scenes.
    double puts = work.scenes() + 2.0 * children + work.scenes() / 1000.0;
    return new Estimate(
        machine.type(),
        plan,
        machine.chipsPerSecond(),
        new Estimate.Children(
            items,
            children,
            split.parts().size(),
            Math.min(machine.slots(), children),
            childSeconds / 60),
        hours,
        terms.deadlineHours().isEmpty() || hours <= terms.deadlineHours().getAsDouble(),
        instanceHours,
        new Estimate.Cost(
            instanceHours * machine.instance().onDemand(),
            instanceHours * machine.instance().spot(),
            work.reads() / 1000 * s3.getPer1000()
                + puts / 1000 * s3.putPer1000()
                + work.bytesRead() / 1e9 * s3.transferPerGb()));
  }

  /** An instance is billed as a whole, even while some of its GPUs are idle. */
  private double billedSeconds(
      Machine machine, int children, double childSeconds, double secondsPerScene) {
    int perInstance = machine.instance().children();
    if (perInstance == 1) {
      return work.scenes() * secondsPerScene + children * terms.startSeconds();
    }
    long fullWaves = children / machine.slots();
    int rest = children % machine.slots();
    double instances =
        (double) fullWaves * (machine.slots() / perInstance)
            + Math.ceil((double) rest / perInstance);
    return instances * childSeconds;
  }
}

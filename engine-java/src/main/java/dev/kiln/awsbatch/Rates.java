package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Chips per second of a child, by instance type. A rate is given or measured, never guessed: a
 * measured one applies only to instances with the same kind of encoder, and on GPUs only to
 * instances with the same GPU model.
 */
public final class Rates {
  private static final String OPTION = "--chips-per-second ";
  private static final String CPU = "cpu";

  private final Map<String, Double> named = new TreeMap<>();
  private final List<MeasuredRun> runs = new ArrayList<>();
  private Optional<Double> all = Optional.empty();

  private Rates() {}

  /**
   * Creates rates from an option and from measured runs; the option has precedence.
   *
   * @param text a number, or {@code NAME=NUMBER} separated by commas, where a name is an instance
   *     type, a GPU model or {@code cpu}; empty if not given
   * @throws ConfigurationException if neither is given, or the text is malformed
   */
  public static Rates of(Optional<String> text, Collection<MeasuredRun> runs) {
    if (text.isEmpty() && runs.isEmpty()) {
      throw new ConfigurationException(
          "unknown rate: embed some scenes on such an instance and give --report"
              + " OUT/_kiln, or give --chips-per-second");
    }
    Rates rates = new Rates();
    rates.runs.addAll(runs);
    text.ifPresent(rates::parse);
    return rates;
  }

  private void parse(String text) {
    for (String part : text.split(",")) {
      int equals = part.indexOf('=');
      double rate = number(part.substring(equals + 1));
      if (equals < 0) {
        all = Optional.of(rate);
      } else {
        named.put(part.substring(0, equals).strip(), rate);
      }
    }
  }

  private static double number(String text) {
    try {
      double rate = Double.parseDouble(text.strip());
      if (rate > 0 && rate < 1e9) {
        return rate;
      }
    } catch (NumberFormatException e) {
      throw new ConfigurationException(
          OPTION + text + ": expected a number or NAME=NUMBER, such as g6e.xlarge=400", e);
    }
    throw new ConfigurationException(OPTION + text + ": expected a number above 0");
  }

  /** Returns the instance types of a table with a rate of their own, not one given for all. */
  public List<String> known(PriceTable prices) {
    return prices.instances().keySet().stream()
        .filter(type -> findOwn(type, prices.instance(type)).isPresent())
        .toList();
  }

  /**
   * Returns the rate of a child on an instance type.
   *
   * @throws ConfigurationException if none is known for it
   */
  public double of(String type, PriceTable.Instance instance) {
    return find(type, instance)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "unknown rate of "
                        + type
                        + (instance.gpus() > 0 ? " (" + instance.gpu() + ")" : " (CPU)")
                        + measured()
                        + ": add --chips-per-second "
                        + type
                        + "=…, or a --report of such an instance"));
  }

  private String measured() {
    return runs.isEmpty()
        ? ""
        : ", the reports were measured on "
            + runs.stream().map(MeasuredRun::device).distinct().collect(Collectors.joining(", "));
  }

  private Optional<Double> find(String type, PriceTable.Instance instance) {
    return findOwn(type, instance).or(() -> all);
  }

  private Optional<Double> findOwn(String type, PriceTable.Instance instance) {
    String kind = instance.gpus() > 0 ? instance.gpu() : CPU;
    if (named.containsKey(type)) {
      return Optional.of(named.get(type));
    }
    if (named.containsKey(kind)) {
      return Optional.of(named.get(kind));
    }
    return runs.stream()
        .filter(run -> run.representative(instance))
        .map(MeasuredRun::chipsPerSecond)
        .findFirst();
  }

  /** Returns where the rates come from, for the printed table. */
  public String origin() {
    if (!named.isEmpty() || all.isPresent()) {
      return "given with --chips-per-second";
    }
    return runs.stream()
        .map(
            run ->
                "measured by %s%s"
                    .formatted(
                        run.name(),
                        run.encoder().isEmpty()
                            ? ""
                            : " with " + run.encoder() + " on " + run.device()))
        .collect(Collectors.joining("; "));
  }
}

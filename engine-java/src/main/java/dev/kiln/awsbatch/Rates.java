package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.util.Map;
import java.util.TreeMap;

/** How many chips a GPU embeds a second, by type of machine. */
public final class Rates {
  private static final String OPTION = "--chips-per-second ";

  private final Map<String, Double> byInstance = new TreeMap<>();
  private double all = Double.NaN;
  private String origin = "as given";

  private Rates() {}

  /**
   * Takes rates from an option, else from a measured run.
   *
   * @param text a number, or {@code TYPE=NUMBER} behind commas; null where there is none
   * @param run null where there is none
   * @throws ConfigurationException if neither is there, for a rate is never guessed
   */
  public static Rates of(String text, MeasuredRun run) {
    Rates rates = new Rates();
    if (text != null) {
      rates.parse(text);
    } else if (run != null) {
      rates.all = run.chipsPerSecond();
      rates.origin =
          "measured by %s%s"
              .formatted(run.name(), run.encoder().isEmpty() ? "" : " on " + run.encoder());
    } else {
      throw new ConfigurationException(
          "a rate is needed: embed some scenes on such a machine and give --report"
              + " OUT/_kiln/run.json, or give --chips-per-second");
    }
    return rates;
  }

  private void parse(String text) {
    for (String part : text.split(",")) {
      int equals = part.indexOf('=');
      double rate = number(part.substring(equals + 1));
      if (equals < 0) {
        all = rate;
      } else {
        byInstance.put(part.substring(0, equals).strip(), rate);
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
          OPTION + text + ": a number or TYPE=NUMBER expected, such as g6e.xlarge=400", e);
    }
    throw new ConfigurationException(OPTION + text + ": more than 0 expected");
  }

  /**
   * The rate of one GPU of this type of machine.
   *
   * @throws ConfigurationException if none was given for it
   */
  public double of(String instance) {
    double rate = byInstance.getOrDefault(instance, all);
    if (Double.isNaN(rate)) {
      throw new ConfigurationException(
          OPTION + "names no rate for " + instance + ": add " + instance + "=…");
    }
    return rate;
  }

  /** Where they are from. */
  public String origin() {
    return origin;
  }
}

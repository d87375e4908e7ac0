package dev.kiln.awsbatch;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What machines and storage cost, in US dollars. The table that Kiln brings says of itself when it
 * was written and that its prices are assumed; a file of the user's goes before it.
 *
 * @param date of the prices
 * @param region they hold for
 * @param source where they are from
 * @param instances by type
 * @param storage of S3
 */
public record PriceTable(
    String date, String region, String source, Map<String, Instance> instances, Storage storage) {
  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  public PriceTable {
    instances =
        Collections.unmodifiableMap(instances == null ? new TreeMap<>() : new TreeMap<>(instances));
  }

  /**
   * A type of machine.
   *
   * @param gpu model of its GPUs
   * @param gpus how many; as many jobs run on it at once
   * @param vcpus processors
   * @param memory GiB
   * @param onDemand dollars an hour
   * @param spot dollars an hour
   */
  public record Instance(
      String gpu,
      int gpus,
      int vcpus,
      double memory,
      @JsonProperty("on-demand") double onDemand,
      double spot) {}

  /**
   * S3.
   *
   * @param getPer1000 dollars for a thousand reads
   * @param putPer1000 dollars for a thousand writes or lists
   * @param transferPerGb dollars to carry 10^9 bytes to the machines
   * @param storedGbMonth dollars to keep 10^9 bytes for a month
   */
  public record Storage(
      @JsonProperty("get-per-1000") double getPer1000,
      @JsonProperty("put-per-1000") double putPer1000,
      @JsonProperty("transfer-per-gb") double transferPerGb,
      @JsonProperty("stored-gb-month") double storedGbMonth) {}

  /** The table that Kiln brings. */
  public static PriceTable builtIn() {
    try (InputStream in = PriceTable.class.getResourceAsStream("prices.yaml")) {
      return YAML.readValue(in, PriceTable.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The table that Kiln brings, with what a file says put before it.
   *
   * @throws ConfigurationException if it is no price table, or a price or number in it is not
   *     positive
   */
  public static PriceTable read(Path file) {
    PriceTable own;
    try {
      own = YAML.readValue(Files.readString(file), PriceTable.class);
    } catch (IOException | JacksonException e) {
      String why =
          e instanceof JacksonException json
              ? json.getOriginalMessage().lines().findFirst().orElse("")
              : e.toString();
      throw new ConfigurationException("--prices " + file + ": cannot be read: " + why, e);
    }
    if (own == null) {
      throw new ConfigurationException("--prices " + file + ": empty, a price table expected");
    }
    own.instances.forEach((name, instance) -> check(file, name, instance));
    PriceTable base = builtIn();
    Map<String, Instance> all = new TreeMap<>(base.instances);
    all.putAll(own.instances);
    return new PriceTable(
        own.date == null ? base.date : own.date,
        own.region == null ? base.region : own.region,
        own.source == null ? file.toString() : own.source,
        all,
        own.storage == null ? base.storage : own.storage);
  }

  private static void check(Path file, String name, Instance i) {
    if (i == null
        || i.gpus < 1
        || i.vcpus < 1
        || !(i.memory > 0)
        || !(i.onDemand > 0)
        || !(i.spot > 0)) {
      throw new ConfigurationException(
          "--prices "
              + file
              + ": "
              + name
              + ": gpus, vcpus, memory, on-demand and spot expected, each more than 0");
    }
  }

  /**
   * A type of machine by name.
   *
   * @throws ConfigurationException if the table does not have it; names those that it has
   */
  public Instance instance(String name) {
    Instance instance = instances.get(name);
    if (instance == null) {
      throw new ConfigurationException(
          "--instance "
              + name
              + ": not in the price table, which has "
              + String.join(", ", instances.keySet())
              + "; add it with --prices FILE");
    }
    return instance;
  }

  /** When, where and how sure. */
  public String origin() {
    return date + ", " + region + ", " + source;
  }
}

package dev.kiln.awsbatch;

import dev.kiln.error.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Prices of instances and storage in US dollars. The built-in table says that its prices are
 * assumed, and when it was written; entries of a user's file replace those of the built-in one.
 *
 * @param date date of the prices
 * @param region AWS region of the prices
 * @param source where the prices come from
 * @param instances by instance type
 * @param storage prices of S3
 */
public record PriceTable(
    String date, String region, String source, Map<String, Instance> instances, Storage storage) {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final Set<String> TOP = Set.of("date", "region", "source", "instances", "storage");
  private static final Set<String> INSTANCE =
      Set.of("gpu", "gpus", "vcpus", "memory", "on-demand", "spot");
  private static final Set<String> STORAGE =
      Set.of("get-per-1000", "put-per-1000", "transfer-per-gb", "stored-gb-month");

  /** Copies the map. */
  public PriceTable {
    instances = Collections.unmodifiableMap(new TreeMap<>(instances));
  }

  /**
   * An instance type.
   *
   * @param gpu model of its GPUs, such as {@code L40S}; empty for an instance without GPUs
   * @param gpus number of GPUs; 0 for a CPU instance
   * @param vcpus number of vCPUs
   * @param memory GiB
   * @param onDemand US dollars per hour of the instance
   * @param spot US dollars per hour of the instance
   */
  public record Instance(
      String gpu, int gpus, int vcpus, double memory, double onDemand, double spot) {
    /** Returns the number of children that run on it at once: one per GPU, else one. */
    public int children() {
      return Math.max(1, gpus);
    }
  }

  /**
   * Prices of S3.
   *
   * @param getPer1000 US dollars per 1,000 reads
   * @param putPer1000 US dollars per 1,000 writes or listings
   * @param transferPerGb US dollars per 10⁹ bytes transferred to the instances
   * @param storedGbMonth US dollars per 10⁹ bytes and month
   */
  public record Storage(
      double getPer1000, double putPer1000, double transferPerGb, double storedGbMonth) {}

  /** Returns the built-in table. */
  public static PriceTable builtIn() {
    try (InputStream in = PriceTable.class.getResourceAsStream("prices.yaml")) {
      JsonNode root = YAML.readTree(in.readAllBytes());
      return new Reader("prices.yaml", Optional.empty()).table(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the built-in table with the entries of a file replacing its entries of the same name.
   *
   * @throws ConfigurationException if the file is not a price table; names the entry
   */
  public static PriceTable read(Path file) {
    String name = "--prices " + file;
    JsonNode root;
    try {
      root = YAML.readTree(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(name + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(name + ": expected UTF-8 text", e);
    } catch (IOException e) {
      throw new ConfigurationException(name + ": cannot be read; check its permissions", e);
    } catch (JacksonException e) {
      throw new ConfigurationException(name + ": " + syntaxError(e), e);
    }
    return new Reader(name, Optional.of(builtIn())).table(root);
  }

  private static String syntaxError(JacksonException e) {
    int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
    return "expected YAML" + (line > 0 ? ", found a syntax error in line " + line : "");
  }

  /** Turns YAML into a table and checks every value. */
  private record Reader(String name, Optional<PriceTable> base) {
    PriceTable table(JsonNode root) {
      requireObject("", root, TOP);
      Map<String, Instance> instances = new TreeMap<>();
      base.ifPresent(table -> instances.putAll(table.instances));
      JsonNode own = root.path("instances");
      if (!own.isMissingNode()) {
        requireObject("instances", own, Optional.<Set<String>>empty());
        for (String type : own.propertyNames()) {
          instances.put(type, instance("instances." + type, own.path(type)));
        }
      }
      return new PriceTable(
          text(root, "date", base.map(PriceTable::date).orElse("unknown date")),
          text(root, "region", base.map(PriceTable::region).orElse("unknown region")),
          text(root, "source", name.replaceFirst("^--prices ", "")),
          instances,
          root.has("storage")
              ? storage(root.path("storage"))
              : base.map(PriceTable::storage).orElseThrow());
    }

    private Instance instance(String where, JsonNode node) {
      requireObject(where, node, INSTANCE);
      int gpus = (int) number(where, node, "gpus", 0, true);
      return new Instance(
          gpus == 0 ? "" : text(node, "gpu", "GPU"),
          gpus,
          (int) number(where, node, "vcpus", 1, true),
          number(where, node, "memory", Double.MIN_VALUE, false),
          number(where, node, "on-demand", Double.MIN_VALUE, false),
          number(where, node, "spot", Double.MIN_VALUE, false));
    }

    private Storage storage(JsonNode node) {
      requireObject("storage", node, STORAGE);
      return new Storage(
          number("storage", node, "get-per-1000", 0, false),
          number("storage", node, "put-per-1000", 0, false),
          number("storage", node, "transfer-per-gb", 0, false),
          number("storage", node, "stored-gb-month", 0, false));
    }

    private double number(String where, JsonNode node, String key, double min, boolean whole) {
      JsonNode value = node.path(key);
      boolean valid =
          value.isNumber()
              && value.asDouble() >= min
              && (!whole || value.asDouble() == Math.rint(value.asDouble()));
      if (!valid) {
        throw new ConfigurationException(
            "%s: %s.%s: expected a %s, found %s"
                .formatted(
                    name,
                    where,
                    key,
                    (whole ? "whole number" : "number")
                        + (min > 0 && !whole ? " above 0" : ", %d or more".formatted((long) min)),
                    value.isMissingNode() ? "nothing" : value.toString()));
      }
      return value.asDouble();
    }

    private static String text(JsonNode node, String key, String otherwise) {
      return node.hasNonNull(key) ? node.path(key).asString() : otherwise;
    }

    private void requireObject(String where, JsonNode node, Set<String> keys) {
      requireObject(where, node, Optional.of(keys));
    }

    private void requireObject(String where, JsonNode node, Optional<Set<String>> keys) {
      String place = where.isEmpty() ? name : name + ": " + where;
      if (!node.isObject()) {
        throw new ConfigurationException(
            "%s: expected %s, found %s"
                .formatted(
                    place,
                    keys.map(all -> "the keys " + String.join(", ", new TreeSet<>(all)))
                        .orElse("instance types"),
                    node.isMissingNode() || node.isNull() ? "nothing" : "other YAML"));
      }
      for (String key : node.propertyNames()) {
        if (keys.isPresent() && !keys.get().contains(key)) {
          throw new ConfigurationException(
              "%s: expected the keys %s, found %s"
                  .formatted(place, String.join(", ", new TreeSet<>(keys.get())), key));
        }
      }
    }
  }

  /**
   * Returns an instance type.
   *
   * @throws ConfigurationException if the table does not have it; names the types that it has
   */
  public Instance instance(String type) {
    Instance instance = instances.get(type);
    if (instance == null) {
      throw new ConfigurationException(
          "--instance "
              + type
              + ": not in the price table, which has "
              + String.join(", ", instances.keySet())
              + "; add it with --prices FILE");
    }
    return instance;
  }

  /** Returns date, region and source of the prices. */
  public String origin() {
    return date + ", " + region + ", " + source;
  }
}

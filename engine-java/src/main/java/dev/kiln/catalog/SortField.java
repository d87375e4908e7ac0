package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A field by which items are sorted.
 *
 * @param field as APIs name it, such as {@code properties.datetime} or {@code id}
 * @param descending whether the greatest value is first
 */
public record SortField(String field, boolean descending) {
  private static final Pattern TEXT = Pattern.compile("\\s*([+-]?)([^\\s,+-][^\\s,]*)\\s*");

  /** Fields of an item that are no properties. */
  private static final Set<String> TOP = Set.of("id", "collection", "geometry", "bbox");

  /**
   * Parses a field.
   *
   * @param text name of a property, of {@code id} or {@code collection}; descending after a minus
   *     sign
   * @return the field
   * @throws ConfigurationException if it has no name, with {@code --sort} in the message
   */
  public static SortField parse(String text) {
    var matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          Mismatch.ofText("--sort", "properties such as -datetime or eo:cloud_cover", text));
    }
    String name = matcher.group(2);
    // Some APIs know properties by this name only; all know it.
    boolean whole = TOP.contains(name) || name.startsWith("properties.");
    return new SortField(whole ? name : "properties." + name, matcher.group(1).equals("-"));
  }

  @Override
  public String toString() {
    return (descending ? "-" : "") + field;
  }
}

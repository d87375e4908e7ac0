package dev.kiln.catalog;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.archive.DatetimeRange;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which items of a catalogue are wanted.
 *
 * @param collection id of their collection; empty for all
 * @param area that they intersect; empty for everywhere
 * @param datetime that they intersect; empty for all times
 * @param conditions on their properties, all of which they satisfy
 * @param sort order of the items; empty for any
 * @param limit greatest number of items; empty for all
 * @param method how a search is sent to an API
 */
public record ItemQuery(
    Optional<String> collection,
    Optional<AreaOfInterest> area,
    Optional<DatetimeRange> datetime,
    List<PropertyCondition> conditions,
    List<SortField> sort,
    OptionalLong limit,
    Method method) {

  /** How a search is sent to an API. */
  public enum Method {
    /** By POST, or by GET if the API does not permit POST or filters only by GET. */
    AUTO,
    /** By POST. */
    POST,
    /** By GET. */
    GET;

    /**
     * Parses a method.
     *
     * @param text {@code auto}, {@code post} or {@code get}, in any case
     * @return the method
     * @throws ConfigurationException if it is anything else, with {@code --method} in the message
     */
    public static Method parse(String text) {
      for (Method method : values()) {
        if (method.name().equalsIgnoreCase(text.strip())) {
          return method;
        }
      }
      throw new ConfigurationException(Mismatch.ofText("--method", "auto, post or get", text));
    }
  }

  /** Copies the lists. */
  public ItemQuery {
    conditions = List.copyOf(conditions);
    sort = List.copyOf(sort);
  }

  /** {@return a builder of a query for all items} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds an {@link ItemQuery}. */
  public static final class Builder {
    private Optional<String> collection = Optional.empty();
    private Optional<AreaOfInterest> area = Optional.empty();
    private Optional<DatetimeRange> datetime = Optional.empty();
    private List<PropertyCondition> conditions = List.of();
    private List<SortField> sort = List.of();
    private OptionalLong limit = OptionalLong.empty();
    private Method method = Method.AUTO;

    private Builder() {}

    /**
     * Sets the collection.
     *
     * @param id of the collection; empty for all
     * @return this builder
     */
    public Builder collection(Optional<String> id) {
      this.collection = id;
      return this;
    }

    /**
     * Sets the area.
     *
     * @param wanted area that items intersect; empty for everywhere
     * @return this builder
     */
    public Builder area(Optional<AreaOfInterest> wanted) {
      this.area = wanted;
      return this;
    }

    /**
     * Sets the time range.
     *
     * @param range that items intersect; empty for all times
     * @return this builder
     */
    public Builder datetime(Optional<DatetimeRange> range) {
      this.datetime = range;
      return this;
    }

    /**
     * Sets the conditions on properties.
     *
     * @param all conditions, each of which items satisfy
     * @return this builder
     */
    public Builder conditions(List<PropertyCondition> all) {
      this.conditions = all;
      return this;
    }

    /**
     * Sets the order of the items.
     *
     * @param fields the most significant one first
     * @return this builder
     */
    public Builder sort(List<SortField> fields) {
      this.sort = fields;
      return this;
    }

    /**
     * Sets the greatest number of items.
     *
     * @param items at least 1; empty for all
     * @return this builder
     */
    public Builder limit(OptionalLong items) {
      this.limit = items;
      return this;
    }

    /**
     * Sets how a search is sent.
     *
     * @param how by which method
     * @return this builder
     */
    public Builder method(Method how) {
      this.method = how;
      return this;
    }

    /** {@return the query} */
    public ItemQuery build() {
      return new ItemQuery(collection, area, datetime, conditions, sort, limit, method);
    }
  }
}

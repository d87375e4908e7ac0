package dev.kiln.catalog;

import dev.kiln.archive.AreaOfInterest;
import dev.kiln.catalog.StacApi.FilterForm;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.locationtech.jts.geom.Envelope;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The first request of a search, by POST or GET, in the form that the API supports. */
final class SearchRequests {
  /** Items per page: some APIs limit the size of a response, and an item can have 30 kB. */
  private static final int PAGE = 100;

  /** Longest polygon in a URL in characters; servers reject URLs of more than about 8,000. */
  private static final int MAX_POLYGON = 4000;

  private final StacApi api;
  private final ItemQuery query;
  private final String where;
  private boolean post;
  private FilterForm form = FilterForm.NONE;
  private boolean boxOnly;

  /**
   * Creates requests.
   *
   * @param where the API and the option that named it, for messages
   */
  SearchRequests(StacApi api, ItemQuery query, String where) {
    this.api = api;
    this.query = query;
    this.where = where;
  }

  /**
   * Returns the first request.
   *
   * @throws ConfigurationException if the API cannot compare properties, or sort, although the
   *     query wants it
   */
  StacClient.Request first() {
    if (!query.sort().isEmpty() && !api.sorts()) {
      throw new ConfigurationException(
          Mismatch.of(
              where + ": --sort",
              "an API with the sort extension",
              "one with " + api.conformance() + ": leave --sort out"));
    }
    post =
        switch (query.method()) {
          case POST -> true;
          case GET -> false;
          case AUTO ->
              api.prefersPost()
                  && (query.conditions().isEmpty()
                      || api.filterForm(true) != FilterForm.NONE
                      || api.filterForm(false) == FilterForm.NONE);
        };
    return request();
  }

  /** Returns the search by GET; empty if only POST is wanted, or the last one was no POST. */
  Optional<StacClient.Request> withoutPost(StacClient.Request last) {
    if (last.body().isEmpty() || query.method() != ItemQuery.Method.AUTO) {
      return Optional.empty();
    }
    post = false;
    return Optional.of(request());
  }

  /** {@return whether the request has the bounding box of the area instead of its polygons} */
  boolean sendsBoxOnly() {
    return boxOnly;
  }

  private StacClient.Request request() {
    form = query.conditions().isEmpty() ? FilterForm.NONE : api.filterForm(post);
    if (form == FilterForm.NONE && !query.conditions().isEmpty()) {
      throw new ConfigurationException(
          Mismatch.of(
              where + ": --query",
              "an API with the filter or the query extension" + (post ? "" : " by GET"),
              "one with "
                  + api.conformance()
                  + ": leave --query out; --best chooses scenes by their masks"));
    }
    return post
        ? new StacClient.Request(api.search(), Optional.of(body()))
        : StacClient.Request.get(url());
  }

  private int pageSize() {
    return (int) Math.min(PAGE, query.limit().orElse(PAGE));
  }

  private ObjectNode body() {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    query.collection().ifPresent(id -> body.putArray("collections").add(id));
    query.datetime().ifPresent(range -> body.put("datetime", range.text()));
    body.put("limit", pageSize());
    query.area().ifPresent(area -> body.set("intersects", area.toGeoJson()));
    switch (form) {
      case QUERY -> body.set("query", queryExtension());
      case CQL2_JSON -> body.put("filter-lang", "cql2-json").set("filter", cql2Json());
      default -> {}
    }
    if (!query.sort().isEmpty()) {
      ArrayNode fields = body.putArray("sortby");
      for (SortField field : query.sort()) {
        fields
            .addObject()
            .put("field", field.field())
            .put("direction", field.descending() ? "desc" : "asc");
      }
    }
    return body;
  }

  private URI url() {
    Map<String, String> parameters = new LinkedHashMap<>();
    query.collection().ifPresent(id -> parameters.put("collections", id));
    query.datetime().ifPresent(range -> parameters.put("datetime", range.text()));
    parameters.put("limit", Integer.toString(pageSize()));
    query.area().ifPresent(area -> putArea(parameters, area));
    switch (form) {
      case QUERY -> parameters.put("query", queryExtension().toString());
      case CQL2_JSON -> {
        parameters.put("filter-lang", "cql2-json");
        parameters.put("filter", cql2Json().toString());
      }
      case CQL2_TEXT -> {
        parameters.put("filter-lang", "cql2-text");
        parameters.put(
            "filter",
            query.conditions().stream()
                .map(PropertyCondition::toCql2Text)
                .collect(Collectors.joining(" AND ")));
      }
      case NONE -> {}
    }
    if (!query.sort().isEmpty()) {
      parameters.put(
          "sortby",
          query.sort().stream().map(SortField::toString).collect(Collectors.joining(",")));
    }
    String text =
        parameters.entrySet().stream()
            .map(p -> p.getKey() + "=" + encode(p.getValue()))
            .collect(Collectors.joining("&"));
    return URI.create(api.search() + (api.search().getRawQuery() == null ? "?" : "&") + text);
  }

  private void putArea(Map<String, String> parameters, AreaOfInterest area) {
    String polygon = area.toGeoJson().toString();
    boxOnly = encode(polygon).length() > MAX_POLYGON;
    if (boxOnly) {
      parameters.put("bbox", box(area.envelope()));
    } else {
      parameters.put("intersects", polygon);
    }
  }

  /** Returns a box whose west is greater than its east where it crosses the antimeridian. */
  private static String box(Envelope box) {
    boolean around = box.getWidth() >= 360;
    double west = around ? -180 : wrapped(box.getMinX());
    double east = around ? 180 : wrapped(box.getMaxX());
    return west + "," + box.getMinY() + "," + east + "," + box.getMaxY();
  }

  private static double wrapped(double longitude) {
    return longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private ObjectNode cql2Json() {
    List<PropertyCondition> all = query.conditions();
    if (all.size() == 1) {
      return all.get(0).toCql2Json();
    }
    ObjectNode and = JsonMapper.shared().createObjectNode().put("op", "and");
    ArrayNode arguments = and.putArray("args");
    all.forEach(condition -> arguments.add(condition.toCql2Json()));
    return and;
  }

  private ObjectNode queryExtension() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    for (PropertyCondition condition : query.conditions()) {
      ObjectNode property = json.withObjectProperty(condition.property());
      if (property.has(condition.operator().inQuery())) {
        throw new ConfigurationException(
            "%s: --query %s: expected each operator once per property, found two: the API has no filter extension"
                .formatted(where, condition));
      }
      property.set(condition.operator().inQuery(), condition.value());
    }
    return json;
  }

  @Override
  public String toString() {
    String how =
        switch (form) {
          case NONE -> "none";
          case CQL2_JSON -> "cql2-json";
          case CQL2_TEXT -> "cql2-text";
          case QUERY -> "query";
        };
    return "method=%s filter=%s area=%s page=%d"
        .formatted(post ? "POST" : "GET", how, boxOnly ? "bbox" : "polygons", pageSize());
  }
}

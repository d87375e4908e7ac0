package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Printable;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * What a STAC API states about itself on its landing page.
 *
 * @param uri of the landing page, without a slash at its end
 * @param search where searches are sent
 * @param methods by which it is searched; empty if it does not state any
 * @param conformsTo URIs of conformance classes; empty if it states none
 */
record StacApi(URI uri, URI search, Set<String> methods, Set<String> conformsTo) {
  private static final int MAX_SHOWN = 12;

  /** How conditions are sent. */
  enum FilterForm {
    /** None are sent. */
    NONE,
    /** The filter extension, with CQL2 as JSON. */
    CQL2_JSON,
    /** The filter extension, with CQL2 as text. */
    CQL2_TEXT,
    /** The query extension. */
    QUERY
  }

  /** Returns an API without a landing page. */
  static StacApi undescribed(URI uri) {
    return new StacApi(uri, Urls.below(uri, "search"), Set.of(), Set.of());
  }

  /**
   * Reads a landing page.
   *
   * @param client requests the conformance classes if the landing page has only a link to them
   * @param uri of the landing page
   * @param landing its content
   * @throws ConfigurationException as for {@link StacClient#send}
   * @throws IOException if the API is unavailable
   */
  static StacApi of(StacClient client, URI uri, JsonNode landing) throws IOException {
    Set<String> methods = new TreeSet<>();
    URI search = Urls.below(uri, "search");
    for (JsonNode link : landing.path("links")) {
      // Behind a proxy, links can have the name of an internal server.
      Optional<URI> to = Urls.resolve(Urls.below(uri, ""), link.path("href").asString(""));
      boolean own = to.filter(href -> Urls.sameHost(uri, href)).isPresent();
      if (link.path("rel").asString("").equals("search")) {
        search = own ? to.get() : search;
        methods.add(link.path("method").asString("GET").toUpperCase(Locale.ROOT));
      }
    }
    JsonNode classes = landing.path("conformsTo");
    Optional<URI> conformance =
        Links.href(landing, "conformance")
            .flatMap(href -> Urls.resolve(Urls.below(uri, ""), href))
            .filter(href -> Urls.sameHost(uri, href));
    if (!classes.isArray() && conformance.isPresent()) {
      StacClient.Request request = StacClient.Request.get(conformance.get());
      StacClient.Response response = client.exchange(request);
      if (response.status() == 200) {
        classes = client.json(request, response).path("conformsTo");
      }
    }
    Set<String> conformsTo = new TreeSet<>();
    classes.valueStream().filter(JsonNode::isString).forEach(c -> conformsTo.add(c.stringValue()));
    return new StacApi(uri, search, methods, conformsTo);
  }

  /** {@return whether a document is the landing page of an API that can be searched} */
  static boolean isSearchable(JsonNode document) {
    return Links.first(document, "search").isPresent()
        || document.path("conformsTo").isArray()
            && document
                .path("conformsTo")
                .valueStream()
                .anyMatch(c -> c.asString("").contains("/item-search"));
  }

  /**
   * {@return whether searches are sent by POST if either method is possible} An API that lists its
   * search without methods, as old ones do, usually permits POST; if not, GET follows.
   */
  boolean prefersPost() {
    return methods.size() != 1 || methods.contains("POST") || conformsTo.isEmpty();
  }

  private boolean conforms(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    return conformsTo.stream().anyMatch(uri -> wanted.matcher(uri).find());
  }

  /** {@return whether results can be sorted} */
  boolean sorts() {
    return conforms("/item-search.*#sort\\b");
  }

  /**
   * Returns how conditions are sent.
   *
   * @param post whether the search is sent by POST
   * @return {@link FilterForm#NONE} if the API does not compare properties by this method
   */
  FilterForm filterForm(boolean post) {
    boolean filter = conforms("/item-search.*#filter\\b");
    boolean json = filter && conforms("/cql2-json$");
    boolean text = filter && conforms("/cql2-text$");
    if (post) {
      return json
          ? FilterForm.CQL2_JSON
          : conforms("/item-search.*#query\\b") ? FilterForm.QUERY : FilterForm.NONE;
    }
    return text
        ? FilterForm.CQL2_TEXT
        : json
            ? FilterForm.CQL2_JSON
            : conforms("/item-search.*#query\\b") ? FilterForm.QUERY : FilterForm.NONE;
  }

  /** {@return the conformance classes, shortened, in one line} */
  String conformance() {
    if (conformsTo.isEmpty()) {
      return "no conformance classes";
    }
    List<String> names = new ArrayList<>();
    for (String uri : conformsTo) {
      names.add(Printable.of(uri.substring(uri.lastIndexOf('/') + 1)));
    }
    List<String> shown = names.stream().distinct().sorted().limit(MAX_SHOWN).toList();
    long more = names.stream().distinct().count() - shown.size();
    return "conformance to "
        + String.join(", ", shown)
        + (more > 0 ? " and " + more + " more" : "");
  }
}

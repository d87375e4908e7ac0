package dev.kiln.catalog;

import dev.kiln.error.Printable;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Explains why an API returned no items: there is no such collection, or it is elsewhere. */
final class EmptyResult {
  private static final int MAX_SHOWN = 15;

  private final StacClient client;
  private final URI api;

  EmptyResult(StacClient client, URI api) {
    this.client = client;
    this.api = api;
  }

  /**
   * Returns what the API states about a collection.
   *
   * @param collection id
   * @return a text that starts with a colon or comma; empty if the API does not state anything
   */
  String explain(String collection) {
    String id = URLEncoder.encode(collection, StandardCharsets.UTF_8).replace("+", "%20");
    try {
      JsonNode found = get("collections/" + id);
      if (CatalogDocument.of(found) == CatalogDocument.COLLECTION) {
        return extent(found.path("extent"));
      }
      List<String> ids = new ArrayList<>();
      for (JsonNode one : get("collections").path("collections")) {
        ids.add(Printable.of(one.path("id").asString("")));
      }
      return ids.isEmpty() || ids.contains(collection)
          ? ""
          : ": the API has no such collection, but " + list(ids);
    } catch (IOException | RuntimeException e) {
      // The message about the empty result is still correct without it.
      return "";
    }
  }

  private static String list(List<String> ids) {
    List<String> shown = ids.stream().sorted().limit(MAX_SHOWN).toList();
    int more = ids.size() - shown.size();
    return String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
  }

  private static String extent(JsonNode extent) {
    JsonNode box = extent.path("spatial").path("bbox").path(0);
    JsonNode interval = extent.path("temporal").path("interval").path(0);
    if (box.size() < 4 || interval.size() != 2) {
      return "";
    }
    return ": the collection covers bbox "
        + Printable.of(box.toString().replace("\"", ""))
        + ", "
        + Printable.of(interval.path(0).asString(".."))
        + "/"
        + Printable.of(interval.path(1).asString(".."));
  }

  private JsonNode get(String path) throws IOException {
    StacClient.Response response = client.exchange(StacClient.Request.get(Urls.below(api, path)));
    try {
      return JsonMapper.shared().readTree(response.status() == 200 ? response.body() : new byte[0]);
    } catch (JacksonException e) {
      return JsonMapper.shared().missingNode();
    }
  }
}

package dev.kiln.dataset.merge;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The fields that several JSON objects have with the same value, also of objects in them. */
final class CommonJson {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Set<String> seen = new HashSet<>();
  private ObjectNode common;

  /** Adds an object as text; other JSON has no fields. */
  void add(String text) {
    if (!seen.add(text)) {
      return;
    }
    JsonNode node = JSON.readTree(text);
    ObjectNode object = node instanceof ObjectNode o ? o : JSON.createObjectNode();
    if (common == null) {
      common = object;
    } else {
      keepCommon(common, object);
    }
  }

  private static void keepCommon(ObjectNode kept, ObjectNode other) {
    Set<String> names = new TreeSet<>();
    for (Map.Entry<String, JsonNode> field : kept.properties()) {
      names.add(field.getKey());
    }
    for (String name : names) {
      JsonNode a = kept.get(name);
      JsonNode b = other.get(name);
      if (a instanceof ObjectNode object && b instanceof ObjectNode counterpart) {
        keepCommon(object, counterpart);
      } else if (!a.equals(b)) {
        kept.remove(name);
      }
    }
  }

  /** Returns the common fields; none without objects. */
  ObjectNode object() {
    return common == null ? JSON.createObjectNode() : common.deepCopy();
  }

  /** Returns the common fields as JSON. */
  @Override
  public String toString() {
    return object().toString();
  }
}

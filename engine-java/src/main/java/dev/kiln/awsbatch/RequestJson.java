package dev.kiln.awsbatch;

import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON form of a request to AWS, as it is sent. */
final class RequestJson {
  private static final JsonMapper JSON = JsonMapper.shared();

  private RequestJson() {}

  static JsonNode of(SdkPojo request) {
    ObjectNode object = JSON.createObjectNode();
    for (SdkField<?> field : request.sdkFields()) {
      Object value = field.getValueOrDefault(request);
      // Unset fields are not sent.
      if (value != null && !isEmpty(value)) {
        object.set(field.locationName(), node(value));
      }
    }
    return object;
  }

  private static boolean isEmpty(Object value) {
    return value instanceof List<?> list && list.isEmpty()
        || value instanceof Map<?, ?> map && map.isEmpty();
  }

  private static JsonNode node(Object value) {
    if (value instanceof SdkPojo pojo) {
      return of(pojo);
    }
    if (value instanceof List<?> list) {
      ArrayNode array = JSON.createArrayNode();
      list.forEach(item -> array.add(node(item)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = JSON.createObjectNode();
      map.forEach((key, item) -> object.set(key.toString(), node(item)));
      return object;
    }
    return JSON.valueToTree(value);
  }
}

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the bill of materials of a bundle in CycloneDX: of the libraries that Maven's has, those
 * whose jar is in the bundle; the system's packages that files are from; and the Java runtime.
 *
 * <pre>java -cp 'JARS/*' Sbom.java MAVEN_BOM OUT &lt; CONTENTS</pre>
 *
 * Lines of the contents, separated by tabs: {@code jar NAME}, {@code package DISTRIBUTION NAME
 * VERSION ARCHITECTURE PATH}, {@code file PATH} for a file of no package, and {@code java VERSION
 * VENDOR} for a runtime of no package. Paths are in the bundle.
 */
final class Sbom {
  private final ObjectNode bom;
  private final Set<String> jars = new TreeSet<>();
  private final Map<String, ObjectNode> others = new TreeMap<>();

  private Sbom(ObjectNode bom) {
    this.bom = bom;
  }

  public static void main(String[] arguments) throws IOException {
    ObjectNode maven = (ObjectNode) JsonMapper.shared().readTree(Path.of(arguments[0]).toFile());
    Sbom sbom = new Sbom(maven);
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        sbom.add(line.split("\t", -1));
      }
    }
    Files.writeString(Path.of(arguments[1]), sbom.text());
  }

  private void add(String[] line) {
    switch (line[0]) {
      case "jar" -> jars.add(line[1]);
      case "package" -> {
        String distribution = line[1];
        String purl =
            "pkg:deb/%s/%s@%s?arch=%s&distro=%s"
                .formatted(
                    distribution.replaceFirst("-.*", ""),
                    encoded(line[2]),
                    encoded(line[3]),
                    line[4],
                    distribution);
        ObjectNode found = other("library", line[2], line[3], purl);
        found.withObject("evidence").withArray("occurrences").addObject().put("location", line[5]);
      }
      case "file" ->
          other("file", line[1], null, null)
              .withObject("evidence")
              .withArray("occurrences")
              .addObject()
              .put("location", line[1]);
      case "java" ->
          other("platform", "openjdk", line[1], "pkg:generic/openjdk@" + encoded(line[1]))
              .put("publisher", line[2])
              .withObject("evidence")
              .withArray("occurrences")
              .addObject()
              .put("location", "runtime");
      default -> throw new IllegalArgumentException("unknown content " + line[0]);
    }
  }

  /** Returns the component of a package, which several files can be of. */
  private ObjectNode other(String type, String name, String version, String purl) {
    String reference = purl == null ? "file:" + name : purl;
    return others.computeIfAbsent(
        reference,
        key -> {
          ObjectNode component = JsonMapper.shared().createObjectNode();
          component.put("type", type).put("bom-ref", key).put("name", name);
          if (version != null) {
            component.put("version", version).put("purl", purl);
          }
          return component;
        });
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("%7E", "~");
  }

  private String text() {
    ArrayNode components = JsonMapper.shared().createArrayNode();
    Set<String> kept = new HashSet<>(others.keySet());
    Set<String> unknown = new TreeSet<>(jars);
    unknown.remove(jar(bom.path("metadata").path("component")));
    kept.add(bom.path("metadata").path("component").path("bom-ref").asString());
    for (JsonNode component : bom.withArray("components")) {
      if (jars.contains(jar(component))) {
        components.add(component);
        kept.add(component.path("bom-ref").asString());
        unknown.remove(jar(component));
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalStateException("jars that the bill of materials lacks: " + unknown);
    }
    others.values().forEach(components::add);
    bom.set("components", components);
    bom.set("dependencies", dependencies(kept));
    // Another document than Maven's, and the same for the same contents.
    bom.remove("serialNumber");
    byte[] content = bom.toString().getBytes(StandardCharsets.UTF_8);
    bom.put("serialNumber", "urn:uuid:" + UUID.nameUUIDFromBytes(content));
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(bom) + "\n";
  }

  /** Returns the dependencies among Maven's components; those of system packages are unknown. */
  private ArrayNode dependencies(Set<String> kept) {
    ArrayNode all = JsonMapper.shared().createArrayNode();
    for (JsonNode of : bom.withArray("dependencies")) {
      if (kept.contains(of.path("ref").asString())) {
        List<String> on = new ArrayList<>();
        of.path("dependsOn").forEach(ref -> on.add(ref.asString()));
        on.retainAll(kept);
        ObjectNode entry = all.addObject().put("ref", of.path("ref").asString());
        on.forEach(entry.putArray("dependsOn")::add);
      }
    }
    return all;
  }

  /** Returns the file name of a component's jar, as Maven copies it. */
  private static String jar(JsonNode component) {
    String purl = component.path("purl").asString();
    String classifier =
        purl.contains("classifier=")
            ? "-" + purl.replaceFirst(".*classifier=", "").replaceFirst("&.*", "")
            : "";
    return component.path("name").asString()
        + "-"
        + component.path("version").asString()
        + classifier
        + ".jar";
  }
}

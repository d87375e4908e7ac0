package dev.kiln;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every package belongs to one layer, and a layer uses only the layers listed for it. Data flows
 * one way; nothing imports upward.
 */
class ArchitectureTest {
  private static final String ROOT = "dev.kiln.";

  /** What each layer may use, itself apart. Sub-packages belong to the longest matching name. */
  private static final Map<String, Set<String>> LAYERS =
      new TreeMap<>(
          Map.ofEntries(
              // Commands.
              entry(
                  "cli",
                  Set.of(
                      "otlp",
                      "awsbatch",
                      "doctor",
                      "inspect",
                      "selftest",
                      "sample",
                      "search",
                      "dataset",
                      "explore",
                      "picture",
                      "run",
                      "catalog",
                      "logging",
                      "infer.gpu",
                      "archive",
                      "fetch",
                      "raster",
                      "chip",
                      "infer",
                      "infer.select",
                      "sink",
                      "export",
                      "tensorrt",
                      "model",
                      "platform",
                      "error",
                      "gdal",
                      "trace",
                      "memory",
                      "type")),
              // Applications.
              entry("otlp", Set.of("run", "error")),
              entry("awsbatch", Set.of("io", "run", "archive", "fetch", "raster", "sink", "error")),
              entry(
                  "doctor",
                  Set.of(
                      "run",
                      "fetch",
                      "raster",
                      "infer",
                      "infer.cpu",
                      "infer.gpu",
                      "infer.select",
                      "model",
                      "platform",
                      "error",
                      "cuda")),
              entry(
                  "explore",
                  Set.of(
                      "picture",
                      "search",
                      "dataset",
                      "sink",
                      "archive",
                      "fetch",
                      "raster",
                      "platform",
                      "error",
                      "tiles",
                      "io")),
              entry("picture", Set.of("dataset", "raster", "error")),
              entry("inspect", Set.of("sink", "error")),
              entry(
                  "selftest",
                  Set.of(
                      "sample",
                      "run",
                      "pipeline",
                      "archive",
                      "fetch",
                      "chip",
                      "infer",
                      "infer.gpu",
                      "infer.select",
                      "sink",
                      "export",
                      "tensorrt",
                      "model",
                      "platform",
                      "error",
                      "cuda",
                      "trace",
                      "memory",
                      "type")),
              entry(
                  "sample",
                  Set.of(
                      "io",
                      "archive",
                      "chip",
                      "export",
                      "model",
                      "inspect",
                      "sink",
                      "platform",
                      "error",
                      "gdal",
                      "memory",
                      "type")),
              // Datasets.
              entry(
                  "search",
                  Set.of(
                      "io", "run", "archive", "dataset", "fetch", "infer", "model", "sink", "error",
                      "vector")),
              entry("dataset", Set.of("io", "archive", "fetch", "sink", "error", "vector")),
              // One shard.
              entry(
                  "run",
                  Set.of(
                      "io",
                      "pipeline",
                      "metrics",
                      "catalog",
                      "archive",
                      "fetch",
                      "raster",
                      "chip",
                      "infer",
                      "infer.select",
                      "sink",
                      "model",
                      "platform",
                      "error",
                      "trace",
                      "memory",
                      "type")),
              entry("pipeline", Set.of("metrics", "error", "trace")),
              entry("metrics", Set.of()),
              entry("logging", Set.of()),
              // Work.
              entry("catalog", Set.of("archive", "fetch", "sink", "error", "io")),
              entry("archive", Set.of("platform", "error", "io", "memory", "type")),
              entry("fetch", Set.of("http", "model", "error", "memory", "io")),
              entry("http", Set.of("error")),
              entry("raster", Set.of("error", "gdal", "tiles", "memory", "type", "io")),
              entry("chip", Set.of("platform", "error")),
              entry(
                  "infer.select",
                  Set.of("infer", "infer.cpu", "infer.gpu", "model", "platform", "error", "type")),
              entry(
                  "infer.gpu",
                  Set.of(
                      "infer",
                      "export",
                      "tensorrt",
                      "model",
                      "platform",
                      "error",
                      "cuda",
                      "trace",
                      "memory",
                      "type")),
              entry(
                  "infer.cpu",
                  Set.of(
                      "io",
                      "infer",
                      "model",
                      "platform",
                      "error",
                      "memory",
                      "type",
                      "patch",
                      "attention",
                      "bf16",
                      "matmul",
                      "nativelib")),
              entry("infer", Set.of("model", "platform", "error", "memory", "type", "patch")),
              entry("sink", Set.of("chip", "error", "type", "io")),
              // model-export.
              entry(
                  "tensorrt",
                  Set.of("io", "export", "model", "platform", "error", "cuda", "memory", "type")),
              entry("export", Set.of("io", "model", "platform", "error", "memory", "type")),
              entry("model", Set.of("io", "platform", "error", "type")),
              entry("platform", Set.of("error")),
              entry("error", Set.of()),
              // engine-native.
              entry("cuda", Set.of("io", "memory", "nativelib", "type")),
              entry("gdal", Set.of("memory", "nativelib")),
              entry("tiles", Set.of("memory", "nativelib", "type")),
              entry("patch", Set.of("memory", "nativelib", "type")),
              entry("attention", Set.of("nativelib")),
              entry("bf16", Set.of("attention", "matmul", "nativelib")),
              entry("matmul", Set.of("nativelib")),
              entry("trace", Set.of("nativelib")),
              entry("vector", Set.of("nativelib")),
              entry("memory", Set.of("nativelib", "type")),
              entry("type", Set.of()),
              entry("io", Set.of()),
              entry("nativelib", Set.of())));

  private static final JavaClasses CLASSES = importClasses();

  private static JavaClasses importClasses() {
    // Names of classes of libraries are enough.
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    return new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .importPackages("dev.kiln");
  }

  @Test
  void everyPackageBelongsToALayer() {
    Set<String> homeless = new TreeSet<>();
    for (JavaClass type : CLASSES) {
      if (layerOf(type.getPackageName()).isEmpty()) {
        homeless.add(type.getPackageName());
      }
    }
    assertThat(homeless).isEmpty();
  }

  @Test
  void everyLayerHasClasses() {
    Set<String> found =
        CLASSES.stream().map(type -> layerOf(type.getPackageName())).collect(Collectors.toSet());
    assertThat(found).containsExactlyInAnyOrderElementsOf(LAYERS.keySet());
  }

  @Test
  void noLayerUsesOneThatIsNotListed() {
    assertThat(violations(CLASSES)).isEmpty();
  }

  @Test
  void theListHasNoCircle() {
    Set<String> open = new TreeSet<>(LAYERS.keySet());
    boolean removed = true;
    while (removed) {
      removed = open.removeIf(layer -> LAYERS.get(layer).stream().noneMatch(open::contains));
    }
    assertThat(open).isEmpty();
  }

  @Test
  void aPlantedImportIsFoundInEveryLayer(@TempDir Path directory) throws IOException {
    Map<String, String> planted = new TreeMap<>();
    List<String> arguments = new ArrayList<>(List.of("-d", directory.toString()));
    for (String layer : LAYERS.keySet()) {
      Path source = Files.createDirectories(directory.resolve(layer)).resolve("Planted.java");
      planted.put(ROOT + layer + ".Planted", forbiddenFor(layer));
      Files.writeString(
          source,
          "package %s;\nclass Planted { Class<?> used = %s.class; }\n"
              .formatted(ROOT + layer, forbiddenFor(layer)));
      arguments.add(source.toString());
    }
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(status).isZero();
    assertThat(violations(new ClassFileImporter().importPath(directory)))
        .containsExactlyElementsOf(
            planted.entrySet().stream().map(e -> e.getKey() + " uses " + e.getValue()).toList());
  }

  /** A class that the layer must not use. */
  private static String forbiddenFor(String layer) {
    return CLASSES.stream()
        .filter(type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
        .filter(type -> !allowed(layer, layerOf(type)))
        .map(JavaClass::getName)
        .sorted()
        .findFirst()
        .orElseThrow();
  }

  private static List<String> violations(JavaClasses classes) {
    return classes.stream()
        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
        .filter(use -> use.getTargetClass().getPackageName().startsWith(ROOT))
        .filter(use -> !allowed(layerOf(use.getOriginClass()), layerOf(use.getTargetClass())))
        .map(use -> use.getOriginClass().getName() + " uses " + use.getTargetClass().getName())
        .distinct()
        .sorted()
        .toList();
  }

  private static boolean allowed(String from, String to) {
    return from.equals(to) || LAYERS.getOrDefault(from, Set.of()).contains(to);
  }

  private static String layerOf(JavaClass type) {
    return layerOf(type.getPackageName());
  }

  /** The longest layer name that the package is or is below; empty if none. */
  private static String layerOf(String packageName) {
    String name = packageName.startsWith(ROOT) ? packageName.substring(ROOT.length()) : "";
    while (!name.isEmpty() && !LAYERS.containsKey(name)) {
      name = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }
    return name;
  }
}

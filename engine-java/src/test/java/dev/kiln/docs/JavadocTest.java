package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Complete Javadoc of the packages that users of the library see: every parameter, result and
 * exception of everything public. The build checks the other rules of doclint in all packages.
 */
class JavadocTest {
  private static final List<String> PACKAGES =
      List.of(
          "run", "error", "archive", "fetch", "chip", "infer", "sink", "platform", "model", "type");

  /** The components are documented by the record; doclint asks for them a second time. */
  private static final Pattern COMPACT_CONSTRUCTOR = Pattern.compile("\\s*public \\w+ \\{");

  @TempDir Path directory;

  private static List<Path> sources() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String module : List.of("engine-native", "model-export", "engine-java")) {
      for (String name : PACKAGES) {
        Path sources = Path.of("..", module, "src/main/java/dev/kiln", name);
        if (Files.isDirectory(sources)) {
          try (Stream<Path> files = Files.list(sources)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(found::add);
          }
        }
      }
    }
    return found;
  }

  private List<String> check(List<Path> files) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    try (StandardJavaFileManager manager =
        compiler.getStandardFileManager(diagnostics, Locale.ROOT, null)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-implicit:none",
              "-Xmaxwarns",
              "10000",
              "-Xdoclint:all/protected",
              "-d",
              directory.toString(),
              "-classpath",
              System.getProperty("java.class.path"));
      compiler
          .getTask(
              null, manager, diagnostics, options, null, manager.getJavaFileObjectsFromPaths(files))
          .call();
    }
    List<String> findings = new ArrayList<>();
    for (Diagnostic<? extends JavaFileObject> found : diagnostics.getDiagnostics()) {
      if (found.getSource() != null && found.getCode().startsWith("compiler.warn.proc.messager")) {
        String line =
            found
                .getSource()
                .getCharContent(true)
                .toString()
                .lines()
                .skip(found.getLineNumber() - 1)
                .findFirst()
                .orElse("");
        if (!COMPACT_CONSTRUCTOR.matcher(line).lookingAt()) {
          findings.add(
              "%s:%d: %s"
                  .formatted(
                      found.getSource().getName(),
                      found.getLineNumber(),
                      found.getMessage(Locale.ROOT)));
        }
      }
    }
    return findings;
  }

  @Test
  void publicApiIsDocumentedCompletely() throws IOException {
    List<Path> sources = sources();
    assertThat(sources).hasSizeGreaterThan(100);
    assertThat(check(sources)).isEmpty();
  }

  @Test
  void plantedOmissionsAreFound() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("Planted.java"),
            """
            /** A class. */
            public class Planted {
              private Planted() {}

              /**
               * Returns a sum.
               *
               * @param a a number
               */
              public static int sum(int a, int b) throws java.io.IOException {
                return a + b;
              }
            }
            """);
    assertThat(check(List.of(file)))
        .anySatisfy(finding -> assertThat(finding).contains("no @param for b"))
        .anySatisfy(finding -> assertThat(finding).contains("no @return"))
        .anySatisfy(finding -> assertThat(finding).contains("no @throws"));
  }
}

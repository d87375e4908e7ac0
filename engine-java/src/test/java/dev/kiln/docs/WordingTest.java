package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain English in everything that people read; see {@code docs/internals/writing.md}. */
class WordingTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path RULES = ROOT.resolve("docs/internals/wording.tsv");

  /** Not checked: not written by hand, not ours, or examples of what not to write. */
  private static final Set<String> SKIPPED =
      Set.of(
          "docs/internals/wording.tsv",
          "docs/internals/writing.md",
          "engine-java/src/test/java/dev/kiln/docs/WordingTest.java",
          "benchmarks/results",
          "engine-native/src/fuzz/corpus",
          "model-export/src/test/resources",
          "LICENSE");

  private static final Set<String> SUFFIXES =
      Set.of("java", "h", "cpp", "cu", "c", "md", "yaml", "yml", "xml", "cff", "sbatch", "");

  private static final Set<String> NO_SOURCES =
      Set.of("target", ".git", ".kiln", ".idea", ".vscode", "kiln-demo", "kiln-selftest");

  private static List<String> sources() throws IOException {
    List<String> found = new ArrayList<>();
    collect(ROOT, found);
    return found.stream().sorted().toList();
  }

  private static void collect(Path directory, List<String> found) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      for (Path child : children.toList()) {
        String name = child.getFileName().toString();
        String path = ROOT.relativize(child).toString();
        if (SKIPPED.stream()
            .anyMatch(skipped -> path.equals(skipped) || path.startsWith(skipped + "/"))) {
          continue;
        }
        if (Files.isDirectory(child)) {
          if (!NO_SOURCES.contains(name)) {
            collect(child, found);
          }
        } else if (SUFFIXES.contains(suffix(name))) {
          found.add(path);
        }
      }
    }
  }

  private static String suffix(String name) {
    int dot = name.lastIndexOf('.');
    return dot <= 0 ? "" : name.substring(dot + 1);
  }

  @Test
  void proseUsesStandardTerms() throws IOException {
    Wording wording = Wording.read(RULES);
    List<String> findings = new ArrayList<>();
    List<String> sources = sources();
    for (String source : sources) {
      findings.addAll(wording.check(source, Files.readString(ROOT.resolve(source))));
    }
    assertThat(sources).contains("README.md", "kiln", "pom.xml");
    assertThat(findings).isEmpty();
  }

  @Test
  void everyExclusionExists() {
    assertThat(SKIPPED).allSatisfy(path -> assertThat(ROOT.resolve(path)).exists());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "A.java | // The file lies beside the model. | lies",
        "A.java | /** Bytes that lie\\n * ready. */ | lie",
        "A.java | throw new X(\"no folder \" + x); | folder",
        "A.java | throw new X(\"a number\" + \" expected\"); | expected",
        "ATest.java | void triedAgainWithGrowingPauses() {} | tried again",
        "a.cpp | // Reckoned before. | Reckoned",
        "a.cu | /* one block a chip */ | a chip",
        "README.md | Writes one file a scene. | file a scene",
        "README.md | 400 chips a second. | chips a second",
        "README.md | The plan stands in the bucket. | stands",
        "README.md | Ends after so many seconds. | so many seconds",
        "a.yaml | # whoever submits | whoever",
        "kiln | say 'mended by hand' | mended",
        "kiln | true # held against the golden cases, in vain | in vain",
      })
  void plantedSentenceIsFound(String name, String text, String found) throws IOException {
    assertThat(Wording.read(RULES).check(name, text.replace("\\n", "\n")))
        .isNotEmpty()
        .anySatisfy(finding -> assertThat(finding).contains(found));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "// The point lies inside the polygon.",
        "// Wait for a second, then for one second more.",
        "// A second scene, and a third.",
        "// Pass it to the caller; the test may pass the file on.",
        "// So many chips fit that the batch is full.",
        "// The first chip of a scene.",
        "int folder = lies(); // a variable",
        "String s = \"expected a number, found x\";",
        "// As expected",
        "// Holds a lock while writing.",
        "// A stand-alone program, standing in for CUDA.",
      })
  void correctUseIsNotReported(String text) throws IOException {
    assertThat(Wording.read(RULES).check("A.java", text)).isEmpty();
  }

  @Test
  void codeInDocumentsIsNotProse() throws IOException {
    String text = "Run:\n\n```\nmkdir folder\n```\n\nThe option `--folder` is gone.\n";
    assertThat(Wording.read(RULES).check("a.md", text)).isEmpty();
  }

  @Test
  void findingsNameTheLine() throws IOException {
    assertThat(Wording.read(RULES).check("a.md", "One\n\n```\nx\n```\n\nA folder.\n"))
        .containsExactly("a.md:7: 'folder': write: directory");
  }
}

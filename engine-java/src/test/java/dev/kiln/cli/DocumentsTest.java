package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Links and commands in the Markdown files of the repository. */
class DocumentsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Set<String> SKIPPED =
      Set.of("target", ".git", ".kiln", "node_modules", "shared");

  /** Commands of the launcher itself. */
  private static final Set<String> LAUNCHER =
      Set.of("test", "bench", "bundle", "format", "javadoc");

  private static final Pattern LINK = Pattern.compile("!?\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^ *```\\w*\n(.*?)^ *```");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*)$");

  static Stream<Path> documents() throws IOException {
    List<Path> found = new ArrayList<>();
    collect(ROOT, found);
    return found.stream().map(ROOT::relativize).sorted();
  }

  private static void collect(Path directory, List<Path> found) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      for (Path child : children.toList()) {
        String name = child.getFileName().toString();
        if (Files.isDirectory(child)) {
          if (!SKIPPED.contains(name) && !name.startsWith("kiln-")) {
            collect(child, found);
          }
        } else if (name.endsWith(".md")) {
          found.add(child);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void linksLeadToFilesAndHeadings(Path document) throws IOException {
    String text = withoutCode(Files.readString(ROOT.resolve(document)));
    List<String> broken = new ArrayList<>();
    Matcher links = LINK.matcher(text);
    while (links.find()) {
      String link = links.group(1);
      if (!link.matches("(https?|mailto):.*") && !leadsSomewhere(document, link)) {
        broken.add(link);
      }
    }
    assertThat(broken).as("broken links in %s", document).isEmpty();
  }

  private static boolean leadsSomewhere(Path document, String link) throws IOException {
    String[] parts = link.split("#", 2);
    Path target =
        parts[0].isEmpty()
            ? ROOT.resolve(document)
            : ROOT.resolve(document).resolveSibling(parts[0]).normalize();
    if (!Files.exists(target)) {
      return false;
    }
    return parts.length < 2
        || !target.toString().endsWith(".md")
        || anchors(Files.readString(target)).contains(parts[1]);
  }

  /** Returns the anchors that GitHub gives to headings. */
  static Set<String> anchors(String text) {
    Set<String> anchors = new HashSet<>();
    Map<String, Integer> seen = new HashMap<>();
    Matcher headings = HEADING.matcher(withoutCode(text));
    while (headings.find()) {
      String anchor =
          headings
              .group(1)
              .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-');
      int earlier = seen.merge(anchor, 1, Integer::sum) - 1;
      anchors.add(earlier == 0 ? anchor : anchor + "-" + earlier);
    }
    return anchors;
  }

  private static String withoutCode(String text) {
    return BLOCK.matcher(text).replaceAll("");
  }

  @Test
  void anchorsAreThoseOfGitHub() {
    assertThat(
            anchors("# Exit codes\n## `kiln embed`\n## A, b & c\n```\n# no heading\n```\n# A\n# A"))
        .containsExactlyInAnyOrder("exit-codes", "kiln-embed", "a-b--c", "a", "a-1");
  }

  /** Every {@code kiln …} line in a code block is a command line that Kiln accepts. */
  @ParameterizedTest
  @MethodSource("documents")
  void commandsExist(Path document) throws IOException {
    Matcher blocks = BLOCK.matcher(Files.readString(ROOT.resolve(document)));
    List<String> refused = new ArrayList<>();
    while (blocks.find()) {
      for (String line : joined(blocks.group(1)).split("\n")) {
        String problem = problem(line);
        if (problem != null) {
          refused.add(line.strip() + ": " + problem);
        }
      }
    }
    assertThat(refused).as("commands in %s", document).isEmpty();
  }

  @Test
  void commandThatDoesNotExistIsRefused() {
    assertThat(problem("kiln prove --out x")).contains("prove");
    assertThat(problem("./kiln embed naip --scenes a --model b --source c --out d --speed 3"))
        .contains("--speed");
    assertThat(problem("kiln embed naip --scenes a")).contains("--model");
    assertThat(problem("KILN_LOG=debug ./kiln doctor --json  # comment")).isNull();
    assertThat(problem("$ kiln status s3://b/c --watch && echo done")).isNull();
    assertThat(problem("kiln: internal error")).isNull();
    assertThat(problem("git clone https://example.org/kiln")).isNull();
  }

  private static String joined(String block) {
    return block.replaceAll("\\\\\n\\s*", " ");
  }

  /** Returns why a line is no valid command, or null if it is valid or not about Kiln. */
  private static String problem(String line) {
    List<String> words = words(line);
    while (!words.isEmpty() && (words.get(0).equals("$") || words.get(0).matches("\\w+=.*"))) {
      words.remove(0);
    }
    if (words.isEmpty() || !words.get(0).matches("(.*/)?kiln")) {
      return null;
    }
    List<String> arguments = words.subList(1, words.size());
    if (arguments.isEmpty()
        || LAUNCHER.contains(arguments.get(0))
        || arguments.contains("…")
        || arguments.get(0).equals("COMMAND")
        || arguments.contains("[OPTION…]")) {
      return null;
    }
    try {
      CommandLine.ParseResult parsed =
          Kiln.commandLine(Map.of(), Kiln.COMMANDS).parseArgs(arguments.toArray(String[]::new));
      return parsed.hasSubcommand()
              || parsed.isUsageHelpRequested()
              || parsed.isVersionHelpRequested()
          ? null
          : "no command";
    } catch (ParameterException e) {
      return e.getMessage();
    }
  }

  /** Splits a line at spaces, quotes respected, up to a comment or the end of the command. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    Matcher word = Pattern.compile("(?:'[^']*'|\"[^\"]*\"|[^\\s'\"])+").matcher(line);
    while (word.find()) {
      String text = word.group();
      if (text.startsWith("#") || Set.of("&&", "||", "|", ">", "<", "&", ";").contains(text)) {
        break;
      }
      words.add(text.replaceAll("['\"]", ""));
    }
    return words;
  }

  @Test
  void readmeQuotesTheJavaExample() throws IOException {
    String example =
        Files.readString(
            ROOT.resolve("engine-java/src/test/java/dev/kiln/examples/EmbedFromJava.java"));
    String quoted = example.replaceAll("(?s).*// tag::embed\\[\\]\n(.*?) *// end::embed.*", "$1");
    assertThat(Files.readString(ROOT.resolve("README.md"))).contains("```java\n" + quoted + "```");
  }

  @Test
  void readmeIsShort() {
    try (Stream<String> lines = Files.lines(ROOT.resolve("README.md"))) {
      assertThat(lines.count()).isLessThanOrEqualTo(120);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void wordsAreSplitLikeAShellDoes() {
    assertThat(words("a 'b c' \"d\" # e")).isEqualTo(Arrays.asList("a", "b c", "d"));
  }
}

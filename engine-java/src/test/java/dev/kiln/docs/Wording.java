package dev.kiln.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The patterns of {@code docs/internals/wording.tsv}, applied to {@link Prose}. */
final class Wording {
  private record Rule(Pattern pattern, String instead) {}

  private final List<Rule> rules = new ArrayList<>();
  private final List<Pattern> correct = new ArrayList<>();

  private Wording() {}

  /** Reads the patterns. */
  static Wording read(Path file) throws IOException {
    Wording wording = new Wording();
    for (String line : Files.readAllLines(file)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] columns = line.split("\t");
      if (columns.length != 2) {
        throw new IOException(file + ": expected 2 columns, found " + columns.length + ": " + line);
      }
      if (columns[0].equals("ok")) {
        wording.correct.add(pattern(columns[1]));
      } else {
        wording.rules.add(new Rule(pattern(columns[0]), columns[1]));
      }
    }
    return wording;
  }

  private static Pattern pattern(String text) {
    return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
  }

  /** Returns a line per finding: file, line, what was found, what to write instead. */
  List<String> check(String name, String text) {
    List<String> findings = new ArrayList<>();
    for (Prose.Passage passage : Prose.of(name, text)) {
      for (Rule rule : rules) {
        Matcher matcher = rule.pattern().matcher(passage.text());
        while (matcher.find()) {
          if (!isCorrect(passage.text(), matcher)) {
            findings.add(
                "%s:%d: '%s': write: %s"
                    .formatted(name, passage.line(), matcher.group(), rule.instead()));
          }
        }
      }
    }
    return findings;
  }

  private boolean isCorrect(String text, Matcher found) {
    for (Pattern pattern : correct) {
      Matcher matcher = pattern.matcher(text);
      while (matcher.find()) {
        if (matcher.start() <= found.end() && matcher.end() >= found.start()) {
          return true;
        }
      }
    }
    return false;
  }
}

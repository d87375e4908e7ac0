package dev.kiln.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Extracts what people read from source files: comments, texts, headings, names of tests. */
final class Prose {
  /**
   * A piece of prose.
   *
   * @param line where it starts, from 1
   * @param text with line breaks and markers of comments replaced by spaces
   */
  record Passage(int line, String text) {}

  /** Comments, text blocks and strings of Java, C++ and CUDA. */
  private static final Pattern C_LIKE =
      Pattern.compile(
          "(?s)(?<block>/\\*.*?\\*/)"
              + "|(?<lines>(?://[^\n]*(?:\n\\s*|$))+)"
              + "|\"\"\"\n(?<text>.*?)\"\"\""
              + "|'(?:[^'\\\\\n]|\\\\.)'"
              + "|(?<string>\"(?:[^\"\\\\\n]|\\\\.)*\"(?:\\s*\\+\\s*\"(?:[^\"\\\\\n]|\\\\.)*\")*)"
              + "|void (?<test>\\w+)\\(");

  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```");
  private static final Pattern INLINE_CODE = Pattern.compile("`[^`\n]+`|<!--.*?-->|\\]\\([^)]*\\)");
  private static final Pattern JAVADOC_CODE = Pattern.compile("\\{@\\w+ [^}]*\\}");
  private static final Pattern HASH = Pattern.compile("(?m)(?:^|\\s)#(?!!) ?(.*)$");

  private Prose() {}

  /** Returns the passages of a file, by the suffix of its name. */
  static List<Passage> of(String name, String text) {
    String suffix = name.substring(name.lastIndexOf('.') + 1);
    return switch (suffix) {
      case "java", "h", "cpp", "cu", "c" -> cLike(text);
      case "md" -> markdown(text);
      case "yaml", "yml", "json", "xml", "cff" -> whole(text);
      default -> script(text);
    };
  }

  private static List<Passage> cLike(String text) {
    List<Passage> passages = new ArrayList<>();
    Matcher matcher = C_LIKE.matcher(text);
    while (matcher.find()) {
      int line = line(text, matcher.start());
      if (matcher.group("block") != null) {
        String comment = matcher.group("block").replaceAll("(?m)^\\s*/?\\*+/?|/\\*+|\\*+/", " ");
        passages.add(new Passage(line, flat(JAVADOC_CODE.matcher(comment).replaceAll("CODE"))));
      } else if (matcher.group("lines") != null) {
        String comment = matcher.group("lines").replaceAll("(?m)^\\s*//+", " ");
        passages.add(new Passage(line, flat(comment)));
      } else if (matcher.group("text") != null) {
        passages.add(new Passage(line, flat(matcher.group("text"))));
      } else if (matcher.group("string") != null) {
        passages.add(new Passage(line, flat(joined(matcher.group("string")))));
      } else if (matcher.group("test") != null) {
        passages.add(new Passage(line, words(matcher.group("test"))));
      }
    }
    return passages;
  }

  /** Joins the parts of a concatenated string. */
  private static String joined(String literals) {
    StringBuilder text = new StringBuilder();
    Matcher literal = LITERAL.matcher(literals);
    while (literal.find()) {
      text.append(literal.group(1));
    }
    return text.toString();
  }

  /** Splits a camel-case name into words. */
  private static String words(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }

  private static List<Passage> markdown(String text) {
    String prose = blank(INLINE_CODE, blank(FENCE, text));
    List<Passage> passages = new ArrayList<>();
    int line = 1;
    for (String paragraph : prose.split("\n\n", -1)) {
      if (paragraph.lines().anyMatch(l -> l.startsWith("|"))) {
        int offset = 0;
        for (String row : paragraph.split("\n", -1)) {
          for (String cell : row.split("\\|", -1)) {
            passages.add(new Passage(line + offset, flat(cell)));
          }
          offset++;
        }
      } else {
        passages.add(new Passage(line, flat(paragraph)));
      }
      line += paragraph.split("\n", -1).length + 1;
    }
    return passages;
  }

  private static List<Passage> whole(String text) {
    List<Passage> passages = new ArrayList<>();
    int line = 1;
    for (String one : text.split("\n", -1)) {
      passages.add(new Passage(line++, flat(one.replace("#", " "))));
    }
    return passages;
  }

  private static List<Passage> script(String text) {
    List<Passage> passages = new ArrayList<>();
    Matcher comments = HASH.matcher(text);
    while (comments.find()) {
      passages.add(new Passage(line(text, comments.start(1)), flat(comments.group(1))));
    }
    Matcher strings = Pattern.compile("'([^'\n]*)'|\"([^\"\n]*)\"").matcher(text);
    while (strings.find()) {
      String string = strings.group(1) != null ? strings.group(1) : strings.group(2);
      passages.add(new Passage(line(text, strings.start()), flat(string)));
    }
    return passages;
  }

  /** Replaces matches by a placeholder, and keeps the line numbers. */
  private static String blank(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    "CODE" + "\n".repeat(line(match.group(), match.group().length()) - 1)));
  }

  private static int line(String text, int position) {
    return (int) text.substring(0, position).chars().filter(c -> c == '\n').count() + 1;
  }

  private static String flat(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}

package dev.kiln.catalog;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A condition on one property of items, such as {@code eo:cloud_cover<20}.
 *
 * @param property name, without {@code properties.}
 * @param operator that compares the property with the value
 * @param value number, truth value or text
 */
public record PropertyCondition(String property, Operator operator, JsonNode value) {
  private static final Pattern TEXT =
      Pattern.compile(
          "\\s*([^<>=!\\s'\"]+)\\s*(<=|>=|!=|<>|==|=|<|>)\\s*(.+?)\\s*", Pattern.DOTALL);
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(0|[1-9]\\d{0,17})(\\.\\d{1,18})?([eE][+-]?\\d{1,2})?");
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d{2}-\\d{2}T.*(Z|[+-]\\d{2}:\\d{2})");

  /** Names of properties that CQL2 text need not quote. */
  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z_:][A-Za-z0-9_:.]*");

  /** How a property is compared with a value. */
  public enum Operator {
    /** Less than. */
    LT("<", "lt"),
    /** Less than or equal. */
    LTE("<=", "lte"),
    /** Greater than. */
    GT(">", "gt"),
    /** Greater than or equal. */
    GTE(">=", "gte"),
    /** Equal. */
    EQ("=", "eq"),
    /** Not equal. */
    NEQ("<>", "neq");

    private final String cql2;
    private final String query;

    Operator(String cql2, String query) {
      this.cql2 = cql2;
      this.query = query;
    }

    /** {@return the operator's name in the query extension} */
    String inQuery() {
      return query;
    }

    private boolean accepts(int order) {
      return switch (this) {
        case LT -> order < 0;
        case LTE -> order <= 0;
        case GT -> order > 0;
        case GTE -> order >= 0;
        case EQ -> order == 0;
        case NEQ -> order != 0;
      };
    }
  }

  /** Whether an item satisfies a condition. */
  enum Verdict {
    /** It does. */
    SATISFIED,
    /** It does not. */
    VIOLATED,
    /** The item has no such property, or one that cannot be compared with the value. */
    UNKNOWN
  }

  /**
   * Parses a condition: a property, one of {@code < <= > >= = !=}, and a number, {@code true},
   * {@code false} or text. Text in quotes is never a number.
   *
   * @param text such as {@code eo:cloud_cover<20}
   * @return the condition
   * @throws ConfigurationException if the text is no condition, with {@code --query} in the message
   */
  public static PropertyCondition parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          Mismatch.ofText("--query", "a condition such as eo:cloud_cover<20", text));
    }
    Operator operator =
        switch (matcher.group(2)) {
          case "<" -> Operator.LT;
          case "<=" -> Operator.LTE;
          case ">" -> Operator.GT;
          case ">=" -> Operator.GTE;
          case "=", "==" -> Operator.EQ;
          default -> Operator.NEQ;
        };
    return new PropertyCondition(
        matcher.group(1).replaceFirst("^properties\\.(?=.)", ""),
        operator,
        value(matcher.group(3)));
  }

  private static JsonNode value(String text) {
    JsonMapper json = JsonMapper.shared();
    if (NUMBER.matcher(text).matches()) {
      return json.readTree(text.startsWith("+") ? text.substring(1) : text);
    }
    if (text.equals("true") || text.equals("false")) {
      return json.valueToTree(text.equals("true"));
    }
    boolean quoted =
        text.length() > 1
            && (text.charAt(0) == '\'' || text.charAt(0) == '"')
            && text.charAt(text.length() - 1) == text.charAt(0);
    return json.valueToTree(quoted ? text.substring(1, text.length() - 1) : text);
  }

  /** Compares an item. */
  Verdict check(JsonNode item) {
    boolean top = property.equals("id") || property.equals("collection");
    JsonNode found = top ? item.path(property) : item.path("properties").path(property);
    if (value.isBoolean() && found.isBoolean()) {
      return verdict(Boolean.compare(found.booleanValue(), value.booleanValue()));
    }
    if (value.isNumber() && found.isNumber()) {
      return verdict(found.decimalValue().compareTo(value.decimalValue()));
    }
    if (value.isNumber() && found.isString() && NUMBER.matcher(found.stringValue()).matches()) {
      return verdict(new BigDecimal(found.stringValue()).compareTo(value.decimalValue()));
    }
    if (value.isString() && found.isString()) {
      return verdict(found.stringValue().compareTo(value.stringValue()));
    }
    return Verdict.UNKNOWN;
  }

  private Verdict verdict(int order) {
    return operator.accepts(order) ? Verdict.SATISFIED : Verdict.VIOLATED;
  }

  private boolean isTime() {
    return value.isString() && TIME.matcher(value.stringValue()).matches();
  }

  /** {@return the condition in CQL2 JSON} */
  ObjectNode toCql2Json() {
    ObjectNode json = JsonMapper.shared().createObjectNode().put("op", operator.cql2);
    ArrayNode arguments = json.putArray("args");
    arguments.addObject().put("property", property);
    if (isTime()) {
      arguments.addObject().set("timestamp", value);
    } else {
      arguments.add(value);
    }
    return json;
  }

  /** {@return the condition in CQL2 text} */
  String toCql2Text() {
    String name =
        PLAIN_NAME.matcher(property).matches()
            ? property
            : '"' + property.replace("\"", "\"\"") + '"';
    String text = value.isString() ? "'" + value.stringValue().replace("'", "''") + "'" : "";
    String literal =
        isTime() ? "TIMESTAMP(" + text + ")" : text.isEmpty() ? value.toString() : text;
    return name + " " + operator.cql2 + " " + literal;
  }

  @Override
  public String toString() {
    return property + operator.cql2 + (value.isString() ? value.stringValue() : value.toString());
  }
}

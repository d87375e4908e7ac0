package dev.kiln.cli;

import java.io.PrintWriter;
import tools.jackson.databind.json.JsonMapper;

/** Prints the results of commands as indented JSON. */
final class JsonPrint {
  private JsonPrint() {}

  /** Prints a value, then a line break. */
  static void print(PrintWriter print, Object value) {
    print.println(JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(value));
    print.flush();
  }
}

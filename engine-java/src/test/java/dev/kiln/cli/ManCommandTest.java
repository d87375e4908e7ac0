package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManCommandTest {
  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();

  private int kiln(String... arguments) {
    return Kiln.commandLine(Map.of(), Kiln.COMMANDS)
        .setOut(new PrintWriter(printed, true))
        .setErr(new PrintWriter(printed, true))
        .execute(arguments);
  }

  @Test
  void pageNamesEveryOptionAndExitCode() {
    assertThat(kiln("man", "embed")).isZero();
    String page = printed.toString();
    assertThat(page)
        .startsWith(".TH KILN-EMBED 1 ")
        .contains(
            "kiln-embed \\- Embed the chips of scenes",
            ".SS S3 and network",
            "\\fB\\-\\-fetch\\-memory=MB\\fR",
            ".SH EXIT STATUS",
            "\\fBkiln\\-status\\fR(1)")
        .doesNotContain("${");
    Kiln.commandLine(Map.of(), Kiln.COMMANDS)
        .getSubcommands()
        .get("embed")
        .getCommandSpec()
        .options()
        .forEach(o -> assertThat(page).contains(o.longestName().replace("-", "\\-")));
    // Lines that start with a dot are macros, and these are all.
    assertThat(page.lines().filter(line -> line.startsWith(".")))
        .allMatch(line -> line.matches("\\.(TH|SH|SS|PP|TP|nf|fi)\\b.*"));
  }

  @Test
  void writesAPagePerCommand() throws IOException {
    assertThat(kiln("man", "--all", directory.resolve("man1").toString())).isZero();
    try (Stream<Path> pages = Files.list(directory.resolve("man1"))) {
      List<String> names = pages.map(page -> page.getFileName().toString()).toList();
      assertThat(names).contains("kiln.1", "kiln-embed.1", "kiln-manifest-naip.1");
    }
  }

  @Test
  void unknownCommandIsAUsageError() {
    assertThat(kiln("man", "embet")).isEqualTo(2);
  }
}

package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.testing.RetryStrategyRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Documents and deployment files list the exit codes of {@link ExitCode}. */
class ExitCodeDocumentsTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d+) \\| (.*?) \\| (yes|no) \\|$");

  @Test
  void referenceListsEveryCode() throws IOException {
    Map<Integer, String> expected = new TreeMap<>();
    for (ExitCode exit : ExitCode.values()) {
      expected.put(exit.code(), exit.meaning() + ": " + (exit.retry() ? "yes" : "no"));
    }
    Map<Integer, String> found = new TreeMap<>();
    Matcher rows = ROW.matcher(Files.readString(Path.of("../docs/reference/exit-codes.md")));
    while (rows.find()) {
      found.put(Integer.valueOf(rows.group(1)), rows.group(2) + ": " + rows.group(3));
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void awsBatchRetriesTheSameCodes() throws IOException {
    RetryStrategyRules rules = RetryStrategyRules.read();
    for (ExitCode exit : ExitCode.values()) {
      if (exit != ExitCode.DONE) {
        assertThat(rules.decide(Integer.toString(exit.code()), "").equals("RETRY"))
            .as(exit.name())
            .isEqualTo(exit.retry());
      }
    }
  }

  @Test
  void slurmRetriesTheSameCodes() throws IOException {
    String script = Files.readString(Path.of("../deploy/slurm/kiln.sbatch"));
    Matcher line = Pattern.compile("(?m)^ +([0-9\\[\\] |-]+)\\)$").matcher(script);
    assertThat(line.find()).isTrue();
    Pattern retried = Pattern.compile(line.group(1).replace(" ", ""));
    for (ExitCode exit : ExitCode.values()) {
      assertThat(retried.matcher(Integer.toString(exit.code())).matches())
          .as(exit.name())
          .isEqualTo(exit.retry());
    }
  }

  @Test
  void codesAreDistinctAndAscending() {
    assertThat(Arrays.stream(ExitCode.values()).mapToInt(ExitCode::code).toArray())
        .isSorted()
        .doesNotHaveDuplicates();
  }
}

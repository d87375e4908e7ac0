package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command lines of the scripts for NVIDIA's profilers, without running these. */
class NsightScriptsTest {
  private static List<String> dryRun(String script, String report, String command)
      throws IOException, InterruptedException {
    List<String> line =
        new ArrayList<>(List.of(Path.of("../benchmarks/nsight", script).toString(), report));
    line.addAll(Arrays.asList(command.split(" ")));
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().putAll(Map.of("DRY_RUN", "1", "KILN", "kiln"));
    Process process = builder.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed.lines().map(String::strip).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "timeline, embed naip --scenes list.txt --model m --source s --out o --overwrite",
    "timeline, selftest --quick --only cuda",
    "kernels, embed naip --scenes list.txt --model m --source s --out o",
    "kernels, selftest --quick --batches 64",
  })
  void commandsAreValid(String script, String command) throws Exception {
    List<String> lines = dryRun(script, "report", command);
    assertThat(lines).hasSize(2);
    assertThat(lines.get(1)).contains("report." + (script.equals("kernels") ? "ncu" : "nsys"));
    String profiled = lines.get(0);
    assertThat(profiled).startsWith(script.equals("kernels") ? "ncu " : "nsys profile ");
    String[] arguments = profiled.substring(profiled.indexOf(" kiln ") + 6).split(" ");
    assertThat(String.join(" ", arguments)).isEqualTo(command + " --nvtx");
    assertThatCode(() -> Kiln.commandLine(Map.of(), Kiln.COMMANDS).parseArgs(arguments))
        .doesNotThrowAnyException();
  }
}

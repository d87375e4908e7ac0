package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.RetryStrategyRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the Slurm script with stand-ins for kiln and scontrol. */
@Timeout(60)
class SlurmScriptTest {
  private static final Path SCRIPT = Path.of("../deploy/slurm/kiln.sbatch").toAbsolutePath();

  @TempDir Path directory;

  private Path program(String name, String body) throws IOException {
    Path file = directory.resolve(name);
    Files.writeString(file, "#!/bin/bash\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private Process start(Map<String, String> environment) throws IOException {
    program("scontrol", "echo \"$*\" >>" + directory.resolve("requeued"));
    List<String> command =
        new ArrayList<>(List.of("bash", SCRIPT.toString(), "naip", "--scenes=a b.txt"));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile());
    builder.environment().put("PROGRAM", directory.resolve("kiln").toString());
    builder.environment().put("PATH", directory + ":" + System.getenv("PATH"));
    builder.environment().put("SLURM_ARRAY_JOB_ID", "77");
    builder.environment().put("SLURM_ARRAY_TASK_ID", "5");
    builder.environment().put("SLURM_ARRAY_TASK_MIN", "0");
    builder.environment().put("SLURM_ARRAY_TASK_MAX", "9");
    builder.environment().put("SLURM_ARRAY_TASK_COUNT", "10");
    builder.environment().putAll(environment);
    return builder.start();
  }

  private boolean requeued() throws IOException {
    Path file = directory.resolve("requeued");
    return Files.exists(file) && Files.readString(file).equals("requeue 77_5\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 65, 75, 78, 134, 137, 139, 143})
  void requeuesWhatAwsBatchWouldRetry(int code) throws Exception {
    program("kiln", "printf '%s\\n' \"$@\" >" + directory.resolve("arguments") + "; exit " + code);
    assertThat(start(Map.of()).waitFor()).isEqualTo(code);
    boolean retry =
        code != 0 && RetryStrategyRules.read().decide(Integer.toString(code), "").equals("RETRY");
    assertThat(requeued()).isEqualTo(retry);
    assertThat(Files.readAllLines(directory.resolve("arguments")))
        .containsExactly("embed", "naip", "--scenes=a b.txt", "--progress=plain");
  }

  /** As {@code --array=1-10}, {@code --array=0-20:2} and {@code --array=0,5} set them. */
  @ParameterizedTest
  @CsvSource({"1, 10, 10", "0, 20, 11", "0, 5, 2"})
  void arrayWithGapsIsRejected(String min, String max, String count) throws Exception {
    program("kiln", "printf '[%s]' \"$KILN_PARTIAL\" >" + directory.resolve("started"));
    Map<String, String> array =
        new HashMap<>(
            Map.of(
                "SLURM_ARRAY_TASK_MIN", min,
                "SLURM_ARRAY_TASK_MAX", max,
                "SLURM_ARRAY_TASK_COUNT", count));
    assertThat(start(array).waitFor()).isEqualTo(78);
    assertThat(Files.readString(directory.resolve("log")))
        .contains("--array: expected all task IDs from 0 to N, found " + count + " from " + min);
    assertThat(directory.resolve("started")).doesNotExist();
    assertThat(requeued()).isFalse();

    // Unless it is on purpose; Kiln does not see the variable.
    array.put("KILN_PARTIAL", "1");
    assertThat(start(array).waitFor()).isZero();
    assertThat(directory.resolve("started")).hasContent("[]");
  }

  @Test
  void stopsAfterAsManyAttemptsAsAwsBatch() throws Exception {
    program("kiln", "exit 75");
    String last = Integer.toString(RetryStrategyRules.read().attempts() - 1);
    assertThat(start(Map.of("SLURM_RESTART_COUNT", last)).waitFor()).isEqualTo(75);
    assertThat(requeued()).isFalse();
  }

  @Test
  void forwardsSigtermAndWaitsUntilKilnHasSaved() throws Exception {
    Path started = directory.resolve("started");
    program(
        "kiln",
        "trap 'sleep 0.3; echo saved; exit 143' TERM; touch "
            + started
            + "; while :; do sleep 0.05; done");
    Process process = start(Map.of());
    while (!Files.exists(started)) {
      Thread.sleep(10);
    }
    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(143);
    assertThat(Files.readString(directory.resolve("log"))).contains("saved");
    assertThat(requeued()).isTrue();
  }
}

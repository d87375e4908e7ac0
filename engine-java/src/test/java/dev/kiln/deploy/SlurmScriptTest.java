package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.RetryStrategyRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Slurm script, run with a program in Kiln's place and one in Slurm's. */
@Timeout(60)
class SlurmScriptTest {
  private static final Path SCRIPT = Path.of("../deploy/slurm/kiln.sbatch").toAbsolutePath();

  @TempDir Path folder;

  private Path program(String name, String body) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, "#!/bin/bash\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private Process start(Map<String, String> environment) throws IOException {
    program("scontrol", "echo \"$*\" >>" + folder.resolve("requeued"));
    List<String> command =
        new ArrayList<>(List.of("bash", SCRIPT.toString(), "naip", "--scenes=a b.txt"));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile());
    builder.environment().putAll(environment);
    builder.environment().put("PROGRAM", folder.resolve("kiln").toString());
    builder.environment().put("PATH", folder + ":" + System.getenv("PATH"));
    builder.environment().put("SLURM_ARRAY_JOB_ID", "77");
    builder.environment().put("SLURM_ARRAY_TASK_ID", "5");
    return builder.start();
  }

  private boolean requeued() throws IOException {
    Path file = folder.resolve("requeued");
    return Files.exists(file) && Files.readString(file).equals("requeue 77_5\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 65, 75, 78, 134, 137, 139, 143})
  void queuesAgainWhatAwsBatchWouldTryAgain(int code) throws Exception {
    program("kiln", "printf '%s\\n' \"$@\" >" + folder.resolve("arguments") + "; exit " + code);
    assertThat(start(Map.of()).waitFor()).isEqualTo(code);
    boolean retry =
        code != 0 && RetryStrategyRules.read().decide(Integer.toString(code), "").equals("RETRY");
    assertThat(requeued()).isEqualTo(retry);
    assertThat(Files.readAllLines(folder.resolve("arguments")))
        .containsExactly("embed", "naip", "--scenes=a b.txt", "--progress=plain");
  }

  @Test
  void givesUpAfterAsManyTriesAsAwsBatch() throws Exception {
    program("kiln", "exit 75");
    String last = Integer.toString(RetryStrategyRules.read().attempts() - 1);
    assertThat(start(Map.of("SLURM_RESTART_COUNT", last)).waitFor()).isEqualTo(75);
    assertThat(requeued()).isFalse();
  }

  @Test
  void handsSigtermToKilnAndWaitsForItToSave() throws Exception {
    Path started = folder.resolve("started");
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
    assertThat(Files.readString(folder.resolve("log"))).contains("saved");
    assertThat(requeued()).isTrue();
  }
}

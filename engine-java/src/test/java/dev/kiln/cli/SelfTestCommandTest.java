package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.kiln.cuda.CudaDriver;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command on a machine that has no device. */
@Timeout(60)
class SelfTestCommandTest {
  private static final String MICRO = "../model-export/src/test/resources/golden/micro";

  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void onlyWithoutADevice() {
    assumeFalse(CudaDriver.status().ready(), "SKIPPED: this machine has a CUDA device");
  }

  private int kiln(String... arguments) {
    CommandLine kiln = Kiln.commandLine(Map.of(), List.of(SelfTestCommand.class));
    return kiln.setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
  }

  @Test
  void skipsEverythingAndSaysWhy() {
    Path to = directory.resolve("proof");
    int code = kiln("selftest", "--golden", MICRO, "--out", to.toString());
    assertThat(code).as(err.toString()).isEqualTo(79);
    assertThat(out.toString())
        .contains("SKIPPED  patch kernel against its reference")
        .contains("SKIPPED  matrix ceiling, bfloat16, 8192 × 8192")
        .contains("clay-micro", "Clay large, batch 128")
        .contains(CudaDriver.status().line())
        .doesNotContain("PASSED  ", "FAILED  ");
    assertThat(to.resolve("selftest.txt")).content().contains("0 passed, 0 failed");
    JsonNode json = JsonMapper.shared().readTree(to.resolve("selftest.json"));
    assertThat(json.get("results").size()).isGreaterThan(5);
    json.get("results")
        .forEach(result -> assertThat(result.get("state").stringValue()).isEqualTo("SKIPPED"));
    assertThat(to.resolve("work")).doesNotExist();
  }

  @Test
  void refusesWhatItCannotProveWith() {
    String to = directory.toString();
    assertThat(kiln("selftest", "--out", to, "--golden", to + "/none")).isEqualTo(78);
    assertThat(err.toString()).contains("--golden", "expected a checkpoint");
    assertThat(kiln("selftest", "--out", to, "--model-size", "huge")).isEqualTo(2);
    assertThat(err.toString()).contains("model size: expected one of micro", "found huge");
    assertThat(kiln("selftest", "--out", to, "--batches", "0")).isEqualTo(2);
  }
}

package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import dev.kiln.sample.SampleArchive;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(60)
class SampleCommandTest {
  @TempDir Path directory;
  private final StringWriter printed = new StringWriter();

  private int sample(String... arguments) {
    CommandLine kiln = Kiln.commandLine(Map.of(), List.of(SampleCommand.class));
    kiln.setOut(new PrintWriter(printed)).setErr(new PrintWriter(printed));
    String[] all = new String[arguments.length + 2];
    all[0] = "sample";
    all[1] = directory.resolve("sample").toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return kiln.execute(all);
  }

  @Test
  void writesTheSampleAndNotesThatTheWeightsAreRandom() {
    int code = sample("--naip", "1", "--sentinel-2", "0", "--model-size", "micro", "--seed", "11");

    assertThat(code).isEqualTo(ExitCode.DONE.code());
    assertThat(directory.resolve("sample").resolve(SampleArchive.NAIP_SCENES)).isNotEmptyFile();
    assertThat(directory.resolve("sample/clay-micro-random.ckpt")).isNotEmptyFile();
    assertThat(printed.toString())
        .contains("rgbir_cog")
        .contains("The weights are random")
        .contains("clay-v1.5.ckpt from https://huggingface.co/made-with-clay/Clay (Apache-2.0)");
  }

  @Test
  void namesWhatIsWrong() {
    assertThat(sample("--model-size", "huge")).isEqualTo(ExitCode.USAGE.code());
    assertThat(sample("--naip", "5000")).isEqualTo(ExitCode.USAGE.code());
    assertThat(sample("--naip", "many")).isEqualTo(ExitCode.USAGE.code());
    assertThat(printed.toString())
        .contains("expected one of micro, tiny, small, base, large, found huge")
        .contains("--naip: expected 0 to 1024, found 5000");
    assertThat(directory).isEmptyDirectory();
  }
}

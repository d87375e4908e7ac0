package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.error.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** The demo over commands that only write down how they were called. */
class DemoCommandTest {
  private static final List<String> CALLS = new ArrayList<>();
  private static String failing;

  @TempDir Path folder;
  private final StringWriter printed = new StringWriter();
  private Path directory;

  @BeforeEach
  void forget() {
    CALLS.clear();
    failing = "none";
    directory = folder.resolve("demo");
  }

  private int demo() {
    CommandLine kiln =
        Kiln.commandLine(
            Map.of(),
            List.of(
                DemoCommand.class,
                Sample.class,
                Export.class,
                Embed.class,
                Inspect.class,
                MapOfChips.class));
    kiln.setOut(new PrintWriter(printed)).setErr(new PrintWriter(printed));
    return kiln.execute("demo", "--dir", directory.toString());
  }

  @Test
  void runsAndPrintsEachCommand() {
    int code = demo();

    assertThat(code).isEqualTo(ExitCode.DONE.code());
    assertThat(CALLS).hasSize(5);
    assertThat(CALLS.get(0)).startsWith("sample " + directory.resolve("archive"));
    assertThat(CALLS.get(1)).startsWith("export --checkpoint").contains("clay-tiny-random.ckpt");
    assertThat(CALLS.get(2)).startsWith("embed naip --scenes").contains("naip-scenes.txt.gz");
    assertThat(CALLS.get(3)).startsWith("inspect ").endsWith(".parquet");
    assertThat(CALLS.get(4)).startsWith("map ").endsWith("map.png");
    for (String call : CALLS) {
      assertThat(printed.toString()).contains("$ kiln " + call + System.lineSeparator());
    }
    assertThat(printed.toString())
        .contains(directory.resolve("embeddings").toString())
        .contains(directory.resolve("map.png").toString())
        .contains("./kiln explore " + directory.resolve("embeddings") + " --source ")
        .contains("meaningless")
        .contains("clay-v1.5.ckpt");
  }

  @Test
  void stopsAtTheFirstFailureWithItsExitCode() {
    failing = "export";

    assertThat(demo()).isEqualTo(65);
    assertThat(CALLS).hasSize(2);
    assertThat(printed.toString()).doesNotContain("The vectors are in");
  }

  @Test
  void replacesAnEarlierDemo() throws IOException {
    demo();
    Path left = Files.writeString(directory.resolve("left over"), "");

    assertThat(demo()).isEqualTo(ExitCode.DONE.code());
    assertThat(left).doesNotExist();
  }

  @Test
  void leavesOtherDirectoriesAlone() throws IOException {
    Path mine = Files.createDirectories(directory).resolve("thesis.txt");
    Files.writeString(mine, "mine");

    assertThat(demo()).isEqualTo(ExitCode.CONFIGURATION.code());
    assertThat(CALLS).isEmpty();
    assertThat(mine).hasContent("mine");
    assertThat(printed.toString()).contains(directory.toString(), "choose another directory");
  }

  private abstract static class Recorded implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Unmatched private List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() {
      CALLS.add(spec.name() + " " + String.join(" ", arguments));
      return spec.name().equals(failing) ? 65 : 0;
    }
  }

  @Command(name = "sample")
  static final class Sample extends Recorded {}

  @Command(name = "export")
  static final class Export extends Recorded {}

  @Command(name = "embed")
  static final class Embed extends Recorded {}

  @Command(name = "inspect")
  static final class Inspect extends Recorded {}

  @Command(name = "map")
  static final class MapOfChips extends Recorded {}
}

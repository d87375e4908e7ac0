package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.error.ConfigurationException;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.SceneTable;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

class InspectCommandTest {
  @TempDir private Path dir;
  private final StringWriter out = new StringWriter();
  private Path file;

  @BeforeEach
  void writeAScene() throws IOException {
    file = dir.resolve("scene.parquet");
    SceneTable table =
        new SceneTable(
            new SceneInfo("id", "naip", Instant.EPOCH, 1, "uri", 256, 8), List.of(), new float[0]);
    Provenance provenance = new Provenance("0", "hash", "micro", "cpu", DataType.FP32, Map.of());
    Files.write(file, GeoParquetWriter.toBytes(table, provenance));
  }

  private int run(String... arguments) {
    return new CommandLine(new InspectCommand())
        .setOut(new PrintWriter(out))
        .setExecutionExceptionHandler(
            (e, commandLine, parsed) -> {
              throw e;
            })
        .execute(arguments);
  }

  @Test
  void printsTextOrJson() {
    assertThat(run(file.toString())).isZero();
    assertThat(out.toString()).contains("rows     0").contains("footer");

    out.getBuffer().setLength(0);
    assertThat(run(file.toString(), "--json")).isZero();
    assertThat(JsonMapper.shared().readTree(out.toString()).get("rows").intValue()).isZero();
  }

  @Test
  void aFileThatIsNotParquetIsAConfigurationError() throws IOException {
    Path text = Files.writeString(dir.resolve("notes.txt"), "no parquet here");

    assertThatThrownBy(
            () -> CommandLine.populateCommand(new InspectCommand(), text.toString()).call())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(text + ": cannot read footer");
  }

  @Test
  void helpHasAnExample() {
    assertThat(
            Kiln.commandLine(Map.of(), List.of(InspectCommand.class))
                .setOut(new PrintWriter(out))
                .execute("inspect", "--help"))
        .isZero();
    assertThat(out.toString()).contains("Example:").contains("kiln inspect");
  }
}

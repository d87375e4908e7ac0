package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergeCommandTest {
  @TempDir Path directory;
  private final StringWriter errors = new StringWriter();

  @BeforeEach
  void write() throws IOException {
    TestDataset dataset = new TestDataset(directory.resolve("out"));
    dataset.scene("a").chips(4).vectors(TestDataset.random(4 * TestDataset.DIM, 1)).write();
  }

  private int run(String arguments) {
    return Kiln.commandLine(Map.of(), List.of(MergeCommand.class))
        .setErr(new PrintWriter(errors, true))
        .execute(arguments.replace("DIR", directory.toString()).split(" "));
  }

  @Test
  void aDatasetBesideTheOutputIsWritten() throws IOException {
    assertThat(run("merge DIR/out -o DIR/out-merged")).as(errors.toString()).isZero();
    assertThat(directory.resolve("out-merged/collection.json")).exists();
  }

  /** Its files would be merged as files of scenes the next time. */
  @ParameterizedTest
  @CsvSource({
    "DIR/out, DIR/out",
    "DIR/out/, DIR/./out",
    "DIR/out, DIR/out/dataset",
    "DIR/out, DIR/link",
    "DIR/out, DIR",
    "s3://bucket/out, s3://bucket/out/dataset",
    "s3://bucket/out, s3://bucket",
  })
  void aDatasetInTheOutputIsRefused(String output, String dataset) throws IOException {
    Files.createSymbolicLink(directory.resolve("link"), directory.resolve("out"));

    assertThat(run("merge " + output + " -o " + dataset)).isEqualTo(2);
    assertThat(errors.toString().lines())
        .singleElement()
        .asString()
        .contains("--dataset ", ": expected a place outside of ");
    assertThat(directory.resolve("out/_kiln")).doesNotExist();
  }
}

package dev.kiln.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.sink.VectorType;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexCommandTest {
  @TempDir private Path dir;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private TestDataset dataset;

  @BeforeEach
  void writeScenes() throws IOException {
    dataset = new TestDataset(dir.resolve("out"));
    dataset.scene("a").at(10, 47).chips(300).write();
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Kiln.commandLine(Map.of(), List.of(SearchCommand.class, IndexCommand.class))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  private String search(String... more) {
    assertThat(
            run(
                Stream.concat(
                        Stream.of("search", dataset.uri(), "--chip", "a-3-0", "--format", "json"),
                        Stream.of(more))
                    .toArray(String[]::new)))
        .isZero();
    return out.toString();
  }

  @Test
  void searchUsesTheIndexUnlessExactIsRequested() {
    assertThat(search()).contains("\"approximate\" : false");
    assertThat(run("index", dataset.uri(), "--threads", "1")).isZero();
    assertThat(out.toString()).contains("index of 300 rows in 1 shard,");

    assertThat(search()).contains("\"approximate\" : true");
    assertThat(search("--exact")).contains("\"approximate\" : false");
  }

  @Test
  void aDamagedFileIsReportedByTheExitCode() throws IOException {
    Files.write(dir.resolve("out/naip/b.parquet"), new byte[50]);

    assertThat(run("index", dataset.uri())).isEqualTo(65);
  }

  @Test
  void aDatasetInABucketNeedsADirectoryForItsIndex() {
    assertThat(run("index", "s3://bucket/embeddings/x.parquet")).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            "s3://bucket/embeddings/x.parquet: expected --out DIR, where the index of a dataset in"
                + " a bucket is stored, found none");
  }

  @Test
  void onlyAnIndexIsReplaced() throws IOException {
    Path other = Files.createDirectories(dir.resolve("other"));
    Files.writeString(other.resolve("letters.txt"), "x");

    assertThat(run("index", dataset.uri(), "--out", other.toString())).isEqualTo(78);
    assertThat(err.toString())
        .contains(other + ": expected an index or an empty directory, found other files");
    assertThat(other.resolve("letters.txt")).hasContent("x");
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() {
    assertThat(run("index", dataset.uri(), "--out", "/proc/x")).isEqualTo(78);
    assertThat(err.toString())
        .contains("/proc/x: cannot write the index there: ")
        .contains("choose another directory with --out");
  }

  @Test
  void typesOfVectorsAreMixedOnlyWhereRequested() throws IOException {
    dataset.scene("b").at(20, 47).write(VectorType.INT8);

    assertThat(run("search", dataset.uri(), "--chip", "a-3-0")).isEqualTo(78);
    assertThat(err.toString())
        .containsPattern("expected vectors of --dtype (float32|int8), as in ")
        .contains("use a directory for each");
    assertThat(run("index", dataset.uri())).isEqualTo(78);
    assertThat(run("search", dataset.uri(), "--chip", "a-3-0", "--allow-mixed")).isZero();
    assertThat(run("index", dataset.uri(), "--allow-mixed")).isZero();
  }

  @Test
  void anIndexElsewhereMustBeThatOfTheDataset() throws IOException {
    Path index = dir.resolve("index");
    assertThat(run("index", dataset.uri(), "-o", index.toString())).isZero();
    assertThat(dir.resolve("out/_kiln/index")).doesNotExist();
    assertThat(search()).contains("\"approximate\" : false");
    assertThat(search("--search-index", index.toString())).contains("\"approximate\" : true");

    dataset.scene("b").at(20, 47).write();
    assertThat(run("search", dataset.uri(), "--chip", "a-3-0", "--search-index", index.toString()))
        .isEqualTo(78);
    assertThat(err.toString())
        .contains("--search-index " + index + ": expected the index of ", "with 2 files of ")
        .contains("run kiln index again");
    assertThat(run("search", dataset.uri(), "--chip", "a-3-0", "--search-index", dir.toString()))
        .isEqualTo(78);
    assertThat(err.toString())
        .contains(
            "--search-index " + dir + ": expected an index that kiln index built, found none");
  }
}

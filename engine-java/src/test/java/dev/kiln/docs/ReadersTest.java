package dev.kiln.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import dev.kiln.sink.VectorType;
import dev.kiln.testing.TestDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs the examples of docs/guides/reading.md and docs/examples with the readers of this machine.
 */
@Timeout(120)
class ReadersTest {
  private static final Path ROOT = Path.of("..");
  private static final Path EXAMPLES = ROOT.resolve("docs/examples");
  private static final int CHIPS = 60;
  private static final int DIM = TestDataset.DIM;
  private static final int LABELS = 3;

  @TempDir private static Path dir;
  private static Path first;
  private static String chip;
  private static List<String> expected;
  private static final List<String> LABEL_LINES = new ArrayList<>();

  /** Vectors around three centres; the centre of a chip is its label. */
  @BeforeAll
  static void writeScenes() throws Exception {
    TestDataset dataset = new TestDataset(dir.resolve("vectors"));
    for (String scene : List.of("a", "b")) {
      float[] centres = TestDataset.random(LABELS * DIM, 1);
      float[] vectors = TestDataset.random(CHIPS * DIM, scene.hashCode());
      Random random = new Random(scene.hashCode());
      for (int c = 0; c < CHIPS; c++) {
        int label = random.nextInt(LABELS);
        LABEL_LINES.add("%s-%d-0,label %d".formatted(scene, c, label));
        for (int i = 0; i < DIM; i++) {
          vectors[c * DIM + i] = centres[label * DIM + i] + 0.3f * vectors[c * DIM + i];
        }
      }
      Path file = dataset.scene(scene).chips(CHIPS).vectors(vectors).write();
      first = first == null ? file : first;
    }
    chip = "a-0-0";
    try (EmbeddingFiles files =
        EmbeddingFiles.open(dir.resolve("vectors").toString(), StoreOptions.standard())) {
      expected = similar(new Search(files, 1, false), Integer.MAX_VALUE >> 8);
    }
  }

  private static List<String> similar(Search search, int k) throws Exception {
    Search.ChipVector example = search.chips(Set.of(chip)).get(0);
    return search.search(new SearchRequest(Query.of(example.vector()), k)).matches().stream()
        .map(match -> match.chip().chipId())
        .toList();
  }

  @Test
  void duckDbFindsTheSameChipsInSql() throws Exception {
    String guide = Files.readString(ROOT.resolve("docs/guides/reading.md"));
    Matcher sql = Pattern.compile("```sql\\n(.*?)```", Pattern.DOTALL).matcher(guide);
    assertThat(sql.find()).isTrue();
    String query =
        sql.group(1)
            .replace("'vectors/", "'" + dir.resolve("vectors") + "/")
            .replaceFirst("chip_id = '[^']+'", "chip_id = '" + chip + "'");
    List<String> found = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement();
        ResultSet rows = duckdb.executeQuery(query)) {
      while (rows.next()) {
        found.add(rows.getString("chip_id"));
      }
    }

    assertThat(found).isEqualTo(expected.subList(0, 10));
  }

  @Test
  void pyArrowAndNumPyFindTheSameChips() throws Exception {
    requirePython("numpy, pyarrow");
    String printed =
        run(
            "python3",
            EXAMPLES.resolve("similar.py").toString(),
            dir.resolve("vectors").toString(),
            chip);

    assertThat(ids(printed)).isEqualTo(expected.subList(0, 10));
  }

  @Test
  void polarsFindsTheSameChips() throws Exception {
    requirePython("numpy, polars");
    String printed =
        run(
            "python3",
            EXAMPLES.resolve("similar_polars.py").toString(),
            dir.resolve("vectors").toString(),
            chip);

    assertThat(ids(printed)).isEqualTo(expected.subList(0, 10));
  }

  @ParameterizedTest
  @CsvSource({
    "similar.py, pyarrow, FLOAT16",
    "similar.py, pyarrow, INT8",
    "similar_polars.py, polars; polars.Float16, FLOAT16",
    "similar_polars.py, polars, INT8"
  })
  void smallVectorsAreReadWithTheirScale(String example, String module, VectorType type)
      throws Exception {
    requirePython("numpy, " + module);
    Path small = Files.createDirectories(dir.resolve("small-" + type + example));
    float[] vectors = TestDataset.random(30 * DIM, 7);
    TestDataset.SceneFile scene = new TestDataset(small).scene("a").chips(30).vectors(vectors);
    scene.write(type);

    String printed =
        run("python3", EXAMPLES.resolve(example).toString(), small.toString(), "a-0-0");

    List<String> cosines = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      cosines.add("%.4f  a-%d-0".formatted(cosine(vectors, 0, i), i));
    }
    cosines.sort(Comparator.reverseOrder());
    List<String> found = printed.lines().toList();
    assertThat(found).hasSize(10);
    for (int i = 0; i < found.size(); i++) {
      // Small vectors are rounded, so that neighbours in the list can change places.
      double score = Double.parseDouble(found.get(i).split(" +")[0]);
      assertThat(score).isCloseTo(Double.parseDouble(cosines.get(i).split(" +")[0]), within(0.01));
    }
    assertThat(found.get(0)).isEqualTo("1.0000  a-0-0");
  }

  private static double cosine(float[] vectors, int a, int b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int k = 0; k < DIM; k++) {
      double x = vectors[a * DIM + k];
      double y = vectors[b * DIM + k];
      dot += x * y;
      aa += x * x;
      bb += y * y;
    }
    return dot / Math.sqrt(aa * bb);
  }

  @Test
  void aLinearProbeAndKMeansFindTheLabels() throws Exception {
    requirePython("numpy, pyarrow");
    Path labels = Files.write(dir.resolve("labels.csv"), LABEL_LINES);
    String printed =
        run(
            "python3",
            EXAMPLES.resolve("learn.py").toString(),
            dir.resolve("vectors").toString(),
            labels.toString());

    assertThat(printed).contains("linear probe: accuracy 1.000").contains("k-means: purity 1.000");
  }

  @Test
  void pandasAndGeoPandasReadAFile() throws Exception {
    requirePython("pandas, geopandas, pyarrow");
    String printed = run("python3", EXAMPLES.resolve("frames.py").toString(), first.toString());

    assertThat(printed)
        .contains("embeddings")
        .containsPattern(CHIPS + " chips, 3[01] in the western half, OGC:CRS84");
  }

  @Test
  void torchGeoReadsSamples() throws Exception {
    requirePython("torchgeo.datasets");
    String printed =
        run("python3", EXAMPLES.resolve("torch_samples.py").toString(), first.toString());

    assertThat(printed).startsWith(CHIPS + " chips, " + DIM + " values, at ");
  }

  @Test
  void hyparquetFindsTheSameChips() throws Exception {
    assumeTrue(works("node", "--version"), "node is not installed");
    assumeTrue(works("npm", "--version"), "npm is not installed");
    Path project = Files.createDirectories(dir.resolve("node"));
    for (String name : List.of("package.json", "similar.mjs")) {
      Files.copy(EXAMPLES.resolve(name), project.resolve(name));
    }
    assumeTrue(
        works(
            "npm",
            "install",
            "--prefix=" + project,
            "--no-audit",
            "--no-fund",
            "--fetch-retries=0",
            "--fetch-timeout=20000"),
        "npm cannot install hyparquet");
    String printed = run("node", project.resolve("similar.mjs").toString(), first.toString());

    List<String> inTheFile = expected.stream().filter(id -> id.startsWith("a-")).toList();
    assertThat(ids(printed)).isEqualTo(inTheFile.subList(0, 10));
  }

  @Test
  void gdalReadsChipsWithTheirFootprints() throws Exception {
    assumeTrue(works("ogrinfo", "--version"), "ogrinfo is not installed");
    assumeTrue(run("ogrinfo", "--formats").contains("Parquet"), "GDAL has no Parquet driver");
    String printed = run("ogrinfo", "-so", "-al", first.toString());

    assertThat(printed).contains("Feature Count: " + CHIPS).contains("chip_id: String");
  }

  private static void requirePython(String modules) throws Exception {
    assumeTrue(works("python3", "-c", "import " + modules), "python3 lacks " + modules);
  }

  private static List<String> ids(String printed) {
    return printed.lines().map(line -> line.replaceFirst("^\\S+ +", "")).toList();
  }

  private static boolean works(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(dir.resolve("output.txt").toFile())
              .start();
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      return ended && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String run(String... command) throws Exception {
    boolean worked = works(command);
    String printed = Files.readString(dir.resolve("output.txt"));
    assertThat(worked).as(printed).isTrue();
    return printed;
  }
}

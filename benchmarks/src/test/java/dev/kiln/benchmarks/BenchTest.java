package dev.kiln.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.selftest.Candidate;
import dev.kiln.selftest.EncoderCandidates;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(300)
class BenchTest {
  @TempDir private Path directory;

  @BeforeAll
  static void allowConcurrentJmhRuns() {
    System.setProperty("jmh.ignoreLock", "true");
  }

  private String bench(String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine command = new CommandLine(new Bench()).setOut(new PrintWriter(out));
    String[] all =
        List.of(
                List.of("--quick", "--in-process"),
                List.of("--work", directory.resolve("work").toString()),
                List.of("--results", directory.resolve("results").toString()),
                List.of(arguments))
            .stream()
            .flatMap(List::stream)
            .toArray(String[]::new);
    assertThat(command.execute(all)).as(out.toString()).isZero();
    return out.toString();
  }

  /** Runs every kind of benchmark once. */
  @Test
  void quickRunHasResults() throws IOException {
    String printed =
        bench(
            "--only",
            "decode: naip, 1 thread: (GDAL|libdef)|fetch|patchify|GeoParquet.*32"
                + "|start: .*onednn fp32|operations: tiny, fp32");

    JsonNode results =
        JsonMapper.shared()
            .readTree(Files.readAllBytes(directory.resolve("results").resolve("quick.json")));
    assertThat(results.path("machine").path("CPU").asString()).isNotBlank();
    assertThat(results.path("figures").size()).isEqualTo(30);
    for (JsonNode figure : results.path("figures")) {
      if (figure.path("skipped").isNull()) {
        assertThat(figure.path("median").asDouble()).as(figure.toString()).isPositive();
        assertThat(figure.path("perCore").asDouble()).as(figure.toString()).isPositive();
      } else {
        assertThat(figure.path("skipped").asString()).isNotBlank();
      }
    }
    assertThat(printed).contains("| naip, 1 thread | GDAL, strips |");
  }

  /** GPU encoders are measured where there is a GPU, and otherwise skipped with the reason. */
  @Test
  void encodersAreThoseOfTheSelfTest() throws Exception {
    List<Case> cases =
        Cases.all(Workplace.in(directory, true)).stream()
            .filter(c -> c.benchmark().equals("encoder") && c.workload().contains("tiny"))
            .toList();
    List<String> names = cases.stream().map(Case::candidate).toList();
    List<Candidate> gpu = EncoderCandidates.onGpu();
    assertThat(names)
        .containsAll(EncoderCandidates.onCpu().stream().map(Candidate::name).toList())
        .containsAll(gpu.stream().map(Candidate::name).toList());
    for (Candidate candidate : gpu) {
      Case one = cases.get(names.indexOf(candidate.name()));
      assertThat(one.skipped()).isEqualTo(candidate.missing().get());
    }
  }

  @Test
  void listPrintsTheNamesOfTheCases() {
    assertThat(bench("--list", "--only", "manifest").lines())
        .containsExactly("manifest: NAIP, 1,231,441 lines, 1 thread: NaipManifest");
  }

  @Test
  void tableIsPutBetweenTheMarkers() throws IOException {
    Path page = Files.writeString(directory.resolve("page.md"), "a\n<\nold\n>\nb\n");

    Results.replaceBetween(page, "<", ">", "new\n");

    assertThat(page).content().isEqualTo("a\n<\n\nnew\n\n>\nb\n");
    assertThatThrownBy(() -> Results.replaceBetween(page, "(", ")", ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("page.md");
  }

  @Test
  void referenceIsTheFirstCandidateThatRan() {
    Case.Sampler none = effort -> List.of();
    List<Case> cases =
        List.of(
            Case.skipped("b", "work", "absent", "x/s", "not here"),
            Case.of("b", "work", "base", "x/s", none),
            Case.of("b", "work", "fast", "x/s", none).withRemark(median -> "at " + median));
    List<List<Case.Sample>> samples =
        List.of(
            List.of(),
            List.of(new Case.Sample(1, 2), new Case.Sample(9, 4)),
            List.of(new Case.Sample(5, 6), new Case.Sample(5, 6), new Case.Sample(5, 60)));

    List<Results.Figure> figures = Results.figures(cases, samples);

    assertThat(figures).extracting(Results.Figure::median).containsExactly(0.0, 5.0, 5.0);
    assertThat(figures).extracting(Results.Figure::perCore).containsExactly(0.0, 3.0, 6.0);
    assertThat(figures).extracting(Results.Figure::toFirst).containsExactly(0.0, 1.0, 2.0);
    assertThat(figures.get(2).remark()).isEqualTo("at 6.0");
    assertThat(figures.get(0).skipped()).isEqualTo("not here");
  }

  @Test
  void plotHasABarForEachCandidateThatRan() throws IOException {
    List<Case> cases =
        List.of(
            Case.of("a benchmark", "1 < 2", "base", "x/s", effort -> List.of()),
            Case.of("a benchmark", "1 < 2", "half", "x/s", effort -> List.of()),
            Case.skipped("a benchmark", "1 < 2", "absent", "x/s", "not here"),
            Case.skipped("nothing ran", "work", "absent", "x/s", "not here"));
    List<List<Case.Sample>> samples =
        List.of(
            List.of(new Case.Sample(1, 10)), List.of(new Case.Sample(1, 5)), List.of(), List.of());
    Results results = new Results("now", Map.of(), null, true, Results.figures(cases, samples));

    assertThat(results.draw(directory)).containsExactly(directory.resolve("a-benchmark.svg"));

    String plot = Files.readString(directory.resolve("a-benchmark.svg"));
    assertThat(plot)
        .contains("1 &lt; 2", "width=\"420.0\"", "width=\"210.0\"", "5.00 x/s (0.50)")
        .contains("SKIPPED: not here");
    assertThat(plot.split("<rect", -1)).hasSize(1 + 1 + 2);
  }
}

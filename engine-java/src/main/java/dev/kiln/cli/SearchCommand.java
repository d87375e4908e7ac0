package dev.kiln.cli;

import dev.kiln.archive.FileOptions;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.RowFilter;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ModelCache;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.ImageExamples;
import dev.kiln.search.Query;
import dev.kiln.search.ResultFormat;
import dev.kiln.search.Search;
import dev.kiln.search.SearchRequest;
import dev.kiln.search.SearchResult;
import dev.kiln.search.VectorFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kiln search}: finds similar chips. */
@Command(
    name = "search",
    description = {
      "Find the chips of a dataset that are most similar to examples.",
      "",
      "Similarity is the cosine of the vectors. Several examples are combined: the mean of those to"
          + " resemble, minus half of the mean of those to differ from (--not-…), each divided by"
          + " its norm first."
    },
    footer = {
      "",
      "Example:",
      "  kiln search embeddings --at -99.12,46.98 -k 50 -o similar.geojson",
      "",
      "Like two chips and unlike a third, in one summer:",
      "  kiln search embeddings --chip A --chip B --not-chip C --datetime 2020-06/2020-08"
    })
public final class SearchCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(SearchCommand.class);

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DATASET",
      description =
          "Output of kiln embed or kiln merge, local or in a bucket; or one Parquet file.")
  private String dataset;

  @Option(
      names = "--at",
      paramLabel = "LON,LAT",
      description = "Resemble the chip at this place (repeatable); of several, the latest.")
  @Heading.Under(Heading.INPUT)
  private List<String> at = List.of();

  @Option(
      names = "--chip",
      paramLabel = "ID",
      description = "Resemble the chip with this id (repeatable).")
  @Heading.Under(Heading.INPUT)
  private List<String> chips = List.of();

  @Option(
      names = "--vector",
      paramLabel = "FILE",
      description =
          "Resemble the vectors of this file (repeatable): .npy, or a JSON array of numbers.")
  @Heading.Under(Heading.INPUT)
  private List<Path> vectors = List.of();

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description =
          "Resemble the chips of this GeoTIFF (repeatable), which is embedded first: needs"
              + " --model.")
  @Heading.Under(Heading.INPUT)
  private List<String> images = List.of();

  @Option(
      names = "--model",
      paramLabel = "URI",
      description = "Model that embeds the images: the model of the dataset.")
  @Heading.Under(Heading.INPUT)
  private String model;

  @Option(
      names = "--image-platform",
      paramLabel = "P",
      description = "Platform of the images (default: the one of --platform).")
  @Heading.Under(Heading.INPUT)
  private String imagePlatform;

  @Option(
      names = "--image-datetime",
      paramLabel = "TIME",
      description =
          "Acquisition time of the images: a day (noon) or a time, UTC (default: the date in the"
              + " file name, else the TIFF's DateTime).")
  @Heading.Under(Heading.INPUT)
  private String imageDatetime;

  @Option(
      names = "--not-at",
      paramLabel = "LON,LAT",
      description = "Differ from the chip at this place (repeatable).")
  @Heading.Under(Heading.INPUT)
  private List<String> notAt = List.of();

  @Option(
      names = "--not-chip",
      paramLabel = "ID",
      description = "Differ from the chip with this id (repeatable).")
  @Heading.Under(Heading.INPUT)
  private List<String> notChips = List.of();

  @Option(
      names = "--not-vector",
      paramLabel = "FILE",
      description = "Differ from the vectors of this file (repeatable).")
  @Heading.Under(Heading.INPUT)
  private List<Path> notVectors = List.of();

  @Mixin private SearchFilterFlags filterFlags;

  @Option(
      names = {"-k", "--count"},
      paramLabel = "N",
      defaultValue = "10",
      description = "Number of chips to find (default: ${DEFAULT-VALUE}).")
  private int k;

  @Option(names = "--include-examples", description = "List the chips that are examples, too.")
  private boolean includeExamples;

  @Option(names = "--exact", description = "Compare all vectors, even if there is an index.")
  private boolean exact;

  @Option(
      names = "--allow-mixed",
      description = "Compare vectors of different models and precisions, too.")
  private boolean allowMixed;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description =
          "File to write: .geojson, .parquet (GeoParquet), .json or .txt (default: standard"
              + " output).")
  @Heading.Under(Heading.OUTPUT)
  private String out;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "table, json, geojson or geoparquet (default: by the suffix of -o, else table).")
  @Heading.Under(Heading.OUTPUT)
  private ResultFormat format;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that read and compare (default: one per core).")
  @Heading.Under(Heading.PERFORMANCE)
  private Integer threads;

  @Mixin private S3Flags s3Flags;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Range.atLeast("--count", k, 1);
    int workers =
        Range.optionalAtLeast("--threads", threads, 1)
            .orElseGet(() -> Runtime.getRuntime().availableProcessors());
    if (at.isEmpty() && chips.isEmpty() && vectors.isEmpty() && images.isEmpty()) {
      throw new OptionException(
          "expected an example: --at, --chip, --vector or --image, found none");
    }
    requireImageOptions();
    ResultFormat written = format();
    StoreOptions options = s3Flags.source();
    RowFilter filter = filterFlags.filter(options);
    try (EmbeddingFiles files = EmbeddingFiles.open(dataset, options)) {
      Search search = new Search(files, workers, allowMixed);
      SearchResult result =
          search.search(new SearchRequest(query(search, files, options), k, filter, exact));
      result.faults().forEach(f -> log.warn("unreadable file: {}", f.reason()));
      log.info(
          "search: matches={} compared={} approximate={} seconds={}",
          result.matches().size(),
          result.compared(),
          result.approximate(),
          String.format(Locale.ROOT, "%.3f", result.seconds()));
      write(written.bytes(result), written);
      return result.faults().isEmpty() ? ExitCode.DONE.code() : ExitCode.SCENES_FAILED.code();
    }
  }

  private ResultFormat format() {
    if (out != null && out.contains("://")) {
      throw new OptionException("--out " + out + ": expected a local file, found a URI");
    }
    if (format != null) {
      if (format == ResultFormat.GEOPARQUET && out == null) {
        throw new OptionException("--format geoparquet: expected a file to write, -o, found none");
      }
      return format;
    }
    if (out == null) {
      return ResultFormat.TABLE;
    }
    return ResultFormat.ofName(out)
        .orElseThrow(
            () ->
                new OptionException(
                    "--out "
                        + out
                        + ": expected a name that ends in .geojson, .parquet, .json or .txt: set"
                        + " --format"));
  }

  private void requireImageOptions() {
    if (images.isEmpty()) {
      return;
    }
    if (model == null) {
      throw new OptionException("--image: expected --model, found none");
    }
    if (imagePlatform == null && filterFlags.platforms().size() != 1) {
      throw new OptionException(
          "--image: expected --image-platform or one --platform, found "
              + filterFlags.platforms().size());
    }
  }

  private Query query(Search search, EmbeddingFiles files, StoreOptions options)
      throws IOException, InterruptedException {
    Query.Builder query = Query.builder();
    if (!images.isEmpty()) {
      FileOptions description =
          new FileOptions(
              Optional.ofNullable(imageDatetime)
                  .map(text -> OptionException.parse(() -> FileOptions.parseDatetime(text))),
              Optional.empty(),
              Optional.empty());
      String platform = imagePlatform == null ? filterFlags.platforms().get(0) : imagePlatform;
      Path cache = Path.of(System.getProperty("java.io.tmpdir"), "kiln-models");
      ImageExamples examples =
          new ImageExamples(ModelCache.open(model, options, cache), platform, description, options);
      for (float[] vector : examples.vectors(images, files, allowMixed)) {
        query.positive("--image", vector);
      }
    }
    addChips(search, query, "--chip", chips, true);
    addPlaces(search, query, "--at", at, true);
    addVectors(query, "--vector", vectors, true);
    addChips(search, query, "--not-chip", notChips, false);
    addPlaces(search, query, "--not-at", notAt, false);
    addVectors(query, "--not-vector", notVectors, false);
    return query.build();
  }

  private void addChips(
      Search search, Query.Builder query, String option, List<String> ids, boolean positive)
      throws IOException, InterruptedException {
    if (ids.isEmpty()) {
      return;
    }
    List<Search.ChipVector> found = search.chips(Set.copyOf(ids));
    for (String id : ids) {
      Search.ChipVector chip =
          found.stream()
              .filter(c -> c.chip().chipId().equals(id))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          "%s %s: expected a chip of %s, found none"
                              .formatted(option, id, dataset)));
      add(query, option + " " + id, chip, positive);
    }
  }

  private void addPlaces(
      Search search, Query.Builder query, String option, List<String> places, boolean positive)
      throws IOException, InterruptedException {
    for (String place : places) {
      double[] lonLat = SearchFilterFlags.Numbers.parse(option, "LON,LAT in degrees", place, 2);
      if (Math.abs(lonLat[0]) > 180 || Math.abs(lonLat[1]) > 90) {
        throw new OptionException(option + ": expected LON,LAT in degrees, found '" + place + "'");
      }
      Optional<Search.ChipVector> chip = search.chipAt(lonLat[0], lonLat[1]);
      if (chip.isEmpty()) {
        throw new ConfigurationException(
            "%s %s: expected a chip of %s at this place, found none"
                .formatted(option, place, dataset));
      }
      add(query, option + " " + place, chip.get(), positive);
    }
  }

  private void add(Query.Builder query, String name, Search.ChipVector chip, boolean positive) {
    log.info(
        "example: {} chip={} item={} datetime={}",
        name,
        chip.chip().chipId(),
        chip.chip().itemId(),
        chip.chip().datetime().map(Object::toString).orElse("unknown"));
    if (positive) {
      query.positive(name, chip.vector());
    } else {
      query.negative(name, chip.vector());
    }
    if (!includeExamples) {
      query.without(chip.chip().ref());
    }
  }

  private static void addVectors(
      Query.Builder query, String option, List<Path> paths, boolean positive) throws IOException {
    for (Path path : paths) {
      for (float[] vector : VectorFile.read(path)) {
        if (positive) {
          query.positive(option + " " + path, vector);
        } else {
          query.negative(option + " " + path, vector);
        }
      }
    }
  }

  private void write(byte[] bytes, ResultFormat written) throws IOException {
    if (out == null) {
      spec.commandLine().getOut().print(new String(bytes, StandardCharsets.UTF_8));
      spec.commandLine().getOut().flush();
      return;
    }
    Path target = Path.of(out).toAbsolutePath();
    Path temporary = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.write(temporary, bytes);
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    spec.commandLine()
        .getErr()
        .printf("%s: written as %s%n", out, written.name().toLowerCase(Locale.ROOT));
  }
}

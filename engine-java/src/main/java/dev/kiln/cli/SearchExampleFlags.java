package dev.kiln.cli;

import dev.kiln.archive.FileOptions;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ModelCache;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.search.ImageExamples;
import dev.kiln.search.Query;
import dev.kiln.search.Search;
import dev.kiln.search.VectorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** Options that name the examples of a search: what the chips should resemble or differ from. */
@Heading.Under(Heading.INPUT)
final class SearchExampleFlags {
  private static final Logger log = LoggerFactory.getLogger(SearchExampleFlags.class);

  @Option(
      names = "--at",
      paramLabel = "LON,LAT",
      description =
          "Resemble the chip at this place, the latest if there are several (repeatable).")
  private List<String> at = List.of();

  @Option(
      names = "--chip",
      paramLabel = "ID",
      description = "Resemble the chip with this id (repeatable).")
  private List<String> chips = List.of();

  @Option(
      names = "--vector",
      paramLabel = "FILE",
      description =
          "Resemble the vectors of this file (repeatable): .npy, or a JSON array of numbers.")
  private List<Path> vectors = List.of();

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description =
          "Resemble the chips of this GeoTIFF (repeatable), which is embedded first: needs"
              + " --model.")
  private List<String> images = List.of();

  @Option(
      names = "--not-image",
      paramLabel = "FILE",
      description = "Differ from the chips of this GeoTIFF (repeatable): needs --model.")
  private List<String> notImages = List.of();

  @Option(
      names = "--model",
      paramLabel = "URI",
      description = "Model that embeds the images: the model of the dataset.")
  private String model;

  @Option(
      names = "--image-platform",
      paramLabel = "P",
      description = "Platform of the images (default: the one of --platform).")
  private String imagePlatform;

  @Option(
      names = "--image-datetime",
      paramLabel = "TIME",
      description =
          "Acquisition time of the images: a day (noon) or a time, UTC (default: the date in the"
              + " file name, else the TIFF's DateTime).")
  private String imageDatetime;

  @Option(
      names = "--not-at",
      paramLabel = "LON,LAT",
      description = "Differ from the chip at this place (repeatable).")
  private List<String> notAt = List.of();

  @Option(
      names = "--not-chip",
      paramLabel = "ID",
      description = "Differ from the chip with this id (repeatable).")
  private List<String> notChips = List.of();

  @Option(
      names = "--not-vector",
      paramLabel = "FILE",
      description = "Differ from the vectors of this file (repeatable).")
  private List<Path> notVectors = List.of();

  @Option(names = "--include-examples", description = "List the chips that are examples, too.")
  @Heading.Under(Heading.OPTIONS)
  private boolean includeExamples;

  /**
   * The dataset that is searched.
   *
   * @param search of the dataset
   * @param files of the dataset
   * @param name of the dataset, for messages
   * @param allowMixed whether vectors of different models may be compared
   */
  record Searched(Search search, EmbeddingFiles files, String name, boolean allowMixed) {}

  /**
   * Checks the options.
   *
   * @param platforms of the filter
   * @throws OptionException if there is no example, or an image cannot be embedded
   */
  void require(List<String> platforms) {
    if (at.isEmpty() && chips.isEmpty() && vectors.isEmpty() && images.isEmpty()) {
      throw new OptionException(
          "expected an example: --at, --chip, --vector or --image, found none");
    }
    if (images.isEmpty() && notImages.isEmpty()) {
      return;
    }
    String option = images.isEmpty() ? "--not-image" : "--image";
    if (model == null) {
      throw new OptionException(option + ": expected --model, found none");
    }
    if (imagePlatform == null && platforms.size() != 1) {
      throw new OptionException(
          option + ": expected --image-platform or one --platform, found " + platforms.size());
    }
  }

  /**
   * Returns the query that the examples make.
   *
   * @param from dataset that has the chips
   * @param platforms of the filter; one of them is the platform of images
   * @param options how the model and images are reached
   */
  Query query(Searched from, List<String> platforms, StoreOptions options)
      throws IOException, InterruptedException {
    Query.Builder query = Query.builder();
    if (!images.isEmpty() || !notImages.isEmpty()) {
      FileOptions description =
          new FileOptions(
              Optional.ofNullable(imageDatetime)
                  .map(text -> OptionException.parse(() -> FileOptions.parseDatetime(text))),
              Optional.empty(),
              Optional.empty());
      String platform = imagePlatform == null ? platforms.get(0) : imagePlatform;
      ImageExamples examples =
          new ImageExamples(
              ModelCache.open(model, options, ModelCache.ofUser()), platform, description, options);
      for (float[] vector : examples.vectors("--image", images, from.files(), from.allowMixed())) {
        query.positive("--image", vector);
      }
      for (float[] vector :
          examples.vectors("--not-image", notImages, from.files(), from.allowMixed())) {
        query.negative("--not-image", vector);
      }
    }
    addChips(from, query, "--chip", chips, true);
    addPlaces(from, query, "--at", at, true);
    addVectors(query, "--vector", vectors, true);
    addChips(from, query, "--not-chip", notChips, false);
    addPlaces(from, query, "--not-at", notAt, false);
    addVectors(query, "--not-vector", notVectors, false);
    return query.build();
  }

  private void addChips(
      Searched from, Query.Builder query, String option, List<String> ids, boolean positive)
      throws IOException, InterruptedException {
    if (ids.isEmpty()) {
      return;
    }
    List<Search.ChipVector> found = from.search().chips(Set.copyOf(ids));
    for (String id : ids) {
      Search.ChipVector chip =
          found.stream()
              .filter(c -> c.chip().chipId().equals(id))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          "%s %s: expected a chip of %s, found none"
                              .formatted(option, id, from.name())));
      add(query, option + " " + id, chip, positive);
    }
  }

  private void addPlaces(
      Searched from, Query.Builder query, String option, List<String> places, boolean positive)
      throws IOException, InterruptedException {
    for (String place : places) {
      double[] lonLat = SearchFilterFlags.Numbers.parse(option, "LON,LAT in degrees", place, 2);
      if (Math.abs(lonLat[0]) > 180 || Math.abs(lonLat[1]) > 90) {
        throw new OptionException(option + ": expected LON,LAT in degrees, found '" + place + "'");
      }
      Optional<Search.ChipVector> chip = from.search().chipAt(lonLat[0], lonLat[1]);
      if (chip.isEmpty()) {
        throw new ConfigurationException(
            "%s %s: expected a chip of %s at this place, found none"
                .formatted(option, place, from.name()));
      }
      add(query, option + " " + place, chip.get(), positive);
    }
  }

  private void add(Query.Builder query, String name, Search.ChipVector chip, boolean positive) {
    log.info(
        "search example: option=\"{}\" chip={} item={} datetime={}",
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
}

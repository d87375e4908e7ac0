package dev.kiln.search;

import dev.kiln.archive.FileOptions;
import dev.kiln.dataset.Column;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.EmbeddingReader;
import dev.kiln.dataset.ReadErrors;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.ExitCode;
import dev.kiln.error.Mismatch;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.io.FileTrees;
import dev.kiln.model.ModelDirectory;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.ImageFiles;
import dev.kiln.run.RunReport;
import dev.kiln.sink.EmbeddingFile;
import dev.kiln.sink.ParquetBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Embeds images to search for what they show. Every chip of an image is an example, clouds
 * included; chips have the size of those of the dataset.
 *
 * @param model exported model, which must be the one of the dataset
 * @param platform of the images
 * @param description what is known about the images
 * @param options how stores are reached
 */
public record ImageExamples(
    ModelDirectory model, String platform, FileOptions description, StoreOptions options) {

  /**
   * Returns the vectors of the chips of images.
   *
   * @param option that names the images, for messages
   * @param images paths or URIs of GeoTIFFs
   * @param dataset that will be searched
   * @param mixed whether another model than the one of the dataset is accepted
   * @throws ConfigurationException if an image cannot be embedded, or the model is another one
   * @throws IOException if a file cannot be read or written
   */
  public List<float[]> vectors(
      String option, List<String> images, EmbeddingFiles dataset, boolean mixed)
      throws IOException, InterruptedException {
    if (images.isEmpty()) {
      return List.of();
    }
    JsonNode made = provenance(dataset);
    String hash = made.path("model_hash").asString("");
    if (!mixed && !hash.equals(model.hash())) {
      throw new ConfigurationException(
          Mismatch.of("--model", "the model of " + dataset.uri() + ", " + hash, model.hash())
              + ": vectors of different models cannot be compared");
    }
    Path out = Files.createTempDirectory("kiln-search");
    try {
      for (int i = 0; i < images.size(); i++) {
        // Images of the same name must not take each other's place.
        embed(option, images.get(i), out.resolve("image-%04d".formatted(i)), chips(made));
      }
      List<float[]> vectors = new ArrayList<>();
      try (EmbeddingFiles files = EmbeddingFiles.open(out.toString(), options)) {
        EmbeddingReader.builder(files)
            .columns(EnumSet.of(Column.VECTOR))
            .build()
            .read(
                batch -> {
                  for (int i = 0; i < batch.size(); i++) {
                    vectors.add(batch.vector(i));
                  }
                });
      }
      if (vectors.isEmpty()) {
        throw new ConfigurationException(
            Mismatch.of(
                option + " " + String.join(", ", images),
                "at least one chip of %d pixels".formatted(chips(made).chipSize()),
                "none"));
      }
      return vectors;
    } finally {
      FileTrees.delete(out);
    }
  }

  private void embed(String option, String image, Path out, ChipOptions chips)
      throws IOException, InterruptedException {
    ImageFiles found = ImageFiles.of(List.of(image), Optional.empty(), options);
    try (ObjectStore source = ObjectStores.open(found.source(), options);
        ObjectStore target = ObjectStores.open(out.toString())) {
      RunReport report =
          new Embedder()
              .embed(
                  EmbedRequest.builder()
                      .model(model, platform)
                      .sceneKeys(found.keys())
                      .files(description)
                      .source(source)
                      .out(target)
                      .chips(chips)
                      .encoder(EncoderOptions.of(EncoderOptions.Kind.AUTO))
                      .build());
      if (report.exitCode() != ExitCode.DONE) {
        throw new ConfigurationException(
            option + " " + image + ": cannot be embedded: " + report.ended().orElse("see the log"));
      }
    }
  }

  private static ChipOptions chips(JsonNode made) {
    ChipOptions.Builder chips = ChipOptions.builder().maxCloud(1).maxNodata(1);
    int size = made.path("options").path("chip").asInt(0);
    return size > 0 ? chips.chipSize(size).build() : chips.build();
  }

  /** Returns what the first file that can be read records of its making. */
  private static JsonNode provenance(EmbeddingFiles dataset)
      throws IOException, InterruptedException {
    for (int i = 0; i < dataset.keys().size(); i++) {
      try (ParquetBytes bytes = dataset.open(i)) {
        String footer = EmbeddingFile.open(bytes).footer().getOrDefault("kiln", "{}");
        return JsonMapper.shared().readTree(footer);
      } catch (IOException | ConfigurationException | JacksonException e) {
        // A search reports the damaged file.
        ReadErrors.requireOfTheFile(e);
      }
    }
    throw new ConfigurationException(
        Mismatch.of(dataset.uri(), "at least one readable file", "none"));
  }
}

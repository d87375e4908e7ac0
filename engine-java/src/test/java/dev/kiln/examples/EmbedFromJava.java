package dev.kiln.examples;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.model.ModelDirectory;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunReport;
import java.nio.file.Path;
import java.util.List;

/** Embeds scenes of a local archive from Java; quoted in the README. */
public final class EmbedFromJava {
  private EmbedFromJava() {}

  /**
   * Embeds NAIP scenes.
   *
   * @param model directory that {@code kiln export} wrote
   * @param archive directory that mirrors the archive
   * @param sceneKeys keys of the scenes, relative to the archive
   * @param out directory that receives one GeoParquet file per scene
   */
  public static RunReport embed(Path model, Path archive, List<String> sceneKeys, Path out)
      throws InterruptedException {
    // tag::embed[]
    try (ObjectStore source = ObjectStores.open(archive.toString());
        ObjectStore target = ObjectStores.open(out.toString())) {
      EmbedRequest request =
          EmbedRequest.builder()
              .model(ModelDirectory.open(model), "naip")
              .sceneKeys(sceneKeys)
              .source(source)
              .out(target)
              .build();
      return new Embedder().embed(request);
    }
    // end::embed[]
  }
}

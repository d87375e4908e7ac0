package dev.kiln.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.archive.ItemLine;
import dev.kiln.error.ExitCode;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.SourceRules;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.run.ChipOptions;
import dev.kiln.run.EmbedRequest;
import dev.kiln.run.Embedder;
import dev.kiln.run.RunReport;
import dev.kiln.run.StacScene;
import dev.kiln.testing.FakeEncoder;
import dev.kiln.testing.FakeModel;
import dev.kiln.testing.GeoTiffs;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Chips of items that only a scene list has get their pictures by the list. */
@Timeout(60)
class ListedScenesTest {
  @TempDir Path directory;

  @Test
  void itemsOfAListHavePictures() throws Exception {
    Platform platform = PlatformCatalog.builtIn().get("sentinel-2-l2a");
    StacScene scene = StacScene.sentinel2("listed");
    for (Map.Entry<String, GeoTiffs> file : scene.files.entrySet()) {
      file.getValue().write(directory.resolve("source/data/" + file.getKey() + ".tif"));
      scene.asset(file.getKey()).put("href", "../data/" + file.getKey() + ".tif");
    }
    // As of an API: the item is no object of the source.
    String key = ItemLine.keyById(scene.item);
    String line = ItemLine.of(key, scene.item).orElseThrow().text();
    Path list = Files.writeString(directory.resolve("scenes.txt"), "# a list\n" + line + "\n");
    Path dataset = directory.resolve("vectors");
    StoreOptions options = StoreOptions.standard();
    String source = directory.resolve("source").toString();
    try (ObjectStore from = ObjectStores.openSource(source, options, SourceRules.standard());
        ObjectStore to = ObjectStores.open(dataset.toString())) {
      RunReport report =
          new Embedder()
              .embed(
                  EmbedRequest.builder()
                      .model(
                          FakeModel.directory(directory.resolve("model"), platform),
                          platform.name())
                      .sceneKeys(List.of(key))
                      .itemLines(Map.of(key, line))
                      .source(from)
                      .out(to)
                      .chips(ChipOptions.builder().chipSize(64).maxCloud(1).maxNodata(1).build())
                      .encoder(new FakeEncoder(platform, 64, 4))
                      .build());
      assertThat(report.exitCode()).as(report.summary()).isEqualTo(ExitCode.DONE);
    }

    try (TestExplorer without =
        new TestExplorer(
            dataset,
            ObjectStores.openSource(source, options, SourceRules.standard()),
            Duration.ofSeconds(15))) {
      assertThat(without.get("/api/picture/0").status()).isEqualTo(404);
    }
    try (TestExplorer explorer =
        new TestExplorer(
            dataset, ObjectStores.openSource(source, options, SourceRules.standard()), list)) {
      TestExplorer.Reply picture = explorer.get("/api/picture/0");
      assertThat(picture.status()).as(picture.text()).isEqualTo(200);
      assertThat(ImageIO.read(new ByteArrayInputStream(picture.body())).getWidth()).isEqualTo(64);
    }
  }
}

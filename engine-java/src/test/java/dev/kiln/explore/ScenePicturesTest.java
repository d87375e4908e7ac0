package dev.kiln.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.archive.Shard;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.dataset.merge.DatasetMerge;
import dev.kiln.dataset.merge.MergeOptions;
import dev.kiln.explore.TestExplorer.Reply;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.fetch.UnavailableException;
import dev.kiln.model.Architecture;
import dev.kiln.picture.ChipReading;
import dev.kiln.picture.MapPicture;
import dev.kiln.picture.Mercator;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sample.SampleArchive;
import dev.kiln.sample.SampleOptions;
import dev.kiln.sample.SampleSize;
import dev.kiln.testing.BandStatistics;
import dev.kiln.testing.ChipFiles;
import dev.kiln.testing.TestMosaic;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ScenePicturesTest {
  private static TestExplorer explorer;

  @TempDir static Path directory;

  @BeforeAll
  static void start() throws Exception {
    SampleOptions options =
        new SampleOptions(new SampleSize(1300, 900, 1098), 1, 0, Architecture.named("micro"), 7);
    SampleArchive.write(directory.resolve("archive"), options, false, line -> {});
    Path naip = directory.resolve("archive").resolve(SampleArchive.NAIP);
    String key = SampleArchive.naipKeys(1).get(0);
    BandStatistics.write(naip, key, directory.resolve("vectors"));
    explorer = new TestExplorer(directory.resolve("vectors"), naip, "127.0.0.1");
  }

  @AfterAll
  static void stop() {
    explorer.close();
  }

  private static BufferedImage image(Reply reply, String type) throws IOException {
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.headers()).containsEntry("content-type", type);
    return ImageIO.read(new ByteArrayInputStream(reply.body()));
  }

  /** Returns the mean of a channel in a square; the channel is 16 for red, 8 or 0. */
  private static double mean(BufferedImage image, int x, int y, int size, int channel) {
    double sum = 0;
    for (int j = y; j < y + size; j++) {
      for (int i = x; i < x + size; i++) {
        sum += image.getRGB(i, j) >> channel & 0xff;
      }
    }
    return sum / size / size;
  }

  private static double[] center(JsonNode chip) {
    double lon = 0;
    double lat = 0;
    for (int i = 0; i < 4; i++) {
      lon += chip.path("rings").path(0).path(i).path(0).asDouble() / 4;
      lat += chip.path("rings").path(0).path(i).path(1).asDouble() / 4;
    }
    return new double[] {lon, lat};
  }

  @Test
  void aChipHasAPictureOfItsPixels() throws IOException {
    BufferedImage picture = image(explorer.get("/api/picture/7"), "image/jpeg");

    assertThat(picture.getWidth()).isEqualTo(256);
    assertThat(picture.getHeight()).isEqualTo(256);
    // Neighbours in the scene differ, so the picture is of this chip.
    BufferedImage other = image(explorer.get("/api/picture/0"), "image/jpeg");
    assertThat(Math.abs(mean(picture, 0, 0, 256, 8) - mean(other, 0, 0, 256, 8))).isGreaterThan(1);
  }

  @Test
  void theMapShowsTheScenePixelsAtTheirPlace() throws IOException {
    int zoom = 18;
    for (int number : new int[] {0, 7, 14}) {
      double[] center = center(explorer.get("/api/chip/" + number).json());
      double x = Mercator.x(center[0]) * (1 << zoom);
      double y = Mercator.y(center[1]) * (1 << zoom);
      BufferedImage tile =
          image(
              explorer.get("/api/pictures/%d/%d/%d".formatted(zoom, (int) x, (int) y)),
              "image/png");
      int px = (int) (x % 1 * 256);
      int py = (int) (y % 1 * 256);
      BufferedImage chip = image(explorer.get("/api/picture/" + number), "image/jpeg");

      assertThat(tile.getRGB(px, py) >>> 24).isEqualTo(255);
      // 16 pixels of the tile are about as many of the chip.
      if (px >= 8 && py >= 8 && px < 248 && py < 248) {
        for (int channel : new int[] {16, 8, 0}) {
          assertThat(mean(tile, px - 8, py - 8, 16, channel))
              .isCloseTo(mean(chip, 120, 120, 16, channel), within(14.0));
        }
      }
    }
  }

  @Test
  void theMapIsTransparentOutsideTheScenes() throws IOException {
    JsonNode area = explorer.get("/api/dataset").json().path("areas").path(0);
    int zoom = 16;
    int x = (int) (Mercator.x(area.path("west").asDouble()) * (1 << zoom));
    int y = (int) (Mercator.y(area.path("north").asDouble()) * (1 << zoom));

    BufferedImage corner =
        image(explorer.get("/api/pictures/%d/%d/%d".formatted(zoom, x, y)), "image/png");
    BufferedImage outside =
        image(explorer.get("/api/pictures/%d/%d/%d".formatted(zoom, x - 3, y)), "image/png");

    int opaque = 0;
    for (int i = 0; i < 256 * 256; i++) {
      opaque += corner.getRGB(i % 256, i / 256) >>> 24 == 255 ? 1 : 0;
    }
    assertThat(opaque).isBetween(1000, 256 * 256 - 1000);
    assertThat(outside.getWidth()).isEqualTo(1);
    assertThat(outside.getRGB(0, 0) >>> 24).isZero();
  }

  @Test
  void smallScalesAreReadFromOverviews() throws IOException {
    JsonNode area = explorer.get("/api/dataset").json().path("areas").path(0);
    double lon = (area.path("west").asDouble() + area.path("east").asDouble()) / 2;
    double lat = (area.path("south").asDouble() + area.path("north").asDouble()) / 2;
    for (int zoom = 10; zoom <= 15; zoom++) {
      double x = Mercator.x(lon) * (1 << zoom);
      double y = Mercator.y(lat) * (1 << zoom);
      BufferedImage tile =
          image(
              explorer.get("/api/pictures/%d/%d/%d".formatted(zoom, (int) x, (int) y)),
              "image/png");
      assertThat(tile.getRGB((int) (x % 1 * 256), (int) (y % 1 * 256)) >>> 24)
          .as("zoom %d", zoom)
          .isEqualTo(255);
    }
  }

  @Test
  void aMissingSceneHasNoPictureAndTheServerGoesOn(@TempDir Path empty) throws Exception {
    try (TestExplorer open = new TestExplorer(directory.resolve("vectors"), empty, "127.0.0.1")) {
      Reply reply = open.get("/api/picture/0");

      assertThat(reply.status()).isEqualTo(404);
      assertThat(reply.text()).contains("no picture of", "--source");
      assertThat(open.get("/api/pictures/10/0/0").status()).isEqualTo(200);
      assertThat(open.get("/api/dataset").status()).isEqualTo(200);
    }
  }

  @Test
  void platformsOfAFileHavePictures(@TempDir Path own) throws Exception {
    TestMosaic.ground(0, 0, 300, 300).write(own.resolve("archive/scene.tif"));
    ChipFiles.write(
        own.resolve("vectors"),
        new ChipFiles.Grid("scene", "2024-03-01", -99, 47, 0.001, 1, "my-drone", 0),
        new float[] {1, 2});
    String values = "{red: 100, green: 100, blue: 100}";
    Path file =
        Files.writeString(
            own.resolve("drone.yaml"),
            "my-drone: {band_order: [red, green, blue], gsd: 0.3, bands: {mean: %1$s, std: %1$s, wavelength: {red: 0.65, green: 0.56, blue: 0.48}}}"
                .formatted(values));
    for (PlatformCatalog platforms :
        List.of(PlatformCatalog.builtIn(), PlatformCatalog.load(file))) {
      ObjectStore archive = ObjectStores.open(own.resolve("archive").toString());
      try (TestExplorer open = new TestExplorer(own.resolve("vectors"), archive, platforms)) {
        Reply reply = open.get("/api/picture/0");
        if (platforms.names().contains("my-drone")) {
          assertThat(image(reply, "image/jpeg").getWidth()).isEqualTo(256);
        } else {
          assertThat(reply.status()).isEqualTo(404);
          assertThat(reply.text()).contains("found my-drone", "--platform-file");
        }
      }
    }
  }

  /** A local archive whose requests fail with an error for as long as one is set. */
  private static ObjectStore failing(ObjectStore store, AtomicReference<Throwable> error) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) -> {
              boolean request = !List.of("root", "uri", "close").contains(method.getName());
              if (request && error.get() != null) {
                throw error.get();
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void aSceneIsReadAgainAfterATransientError() throws Exception {
    AtomicReference<Throwable> error = new AtomicReference<>();
    ObjectStore archive =
        ObjectStores.open(directory.resolve("archive").resolve(SampleArchive.NAIP).toString());
    try (TestExplorer open =
        new TestExplorer(
            directory.resolve("vectors"), failing(archive, error), Duration.ofMillis(1))) {
      error.set(new UnavailableException("s3://archive", "the connection was reset", null));
      Reply failed = open.get("/api/picture/7");
      assertThat(failed.status()).isEqualTo(503);
      assertThat(failed.text()).contains("the connection was reset");
      double[] center = center(open.get("/api/chip/7").json());
      String tile =
          "/api/pictures/18/%d/%d"
              .formatted(
                  (int) (Mercator.x(center[0]) * (1 << 18)),
                  (int) (Mercator.y(center[1]) * (1 << 18)));
      assertThat(open.get(tile).headers()).containsEntry("cache-control", "no-store");

      error.set(null);
      Thread.sleep(5);
      assertThat(image(open.get("/api/picture/7"), "image/jpeg").getWidth()).isEqualTo(256);
      assertThat(open.get(tile).headers().get("cache-control")).contains("max-age");
    }
  }

  @Test
  void anUnexpectedErrorIsAResponseAndALogLine() throws Exception {
    AtomicReference<Throwable> error = new AtomicReference<>(new IllegalStateException("a bug"));
    ObjectStore archive = ObjectStores.open(directory.toString());
    try (TestExplorer open =
        new TestExplorer(directory.resolve("vectors"), failing(archive, error), Duration.ZERO)) {
      Reply reply = open.get("/api/picture/0");

      assertThat(reply.status()).isEqualTo(500);
      assertThat(reply.json().path("error").asString())
          .isEqualTo("the request failed: see the log of kiln explore");
      assertThat(open.get("/api/dataset").status()).isEqualTo(200);
    }
  }

  @Test
  void aMergedDatasetShowsTheSamePictures(@TempDir Path merged) throws Exception {
    StoreOptions access = StoreOptions.standard();
    try (EmbeddingFiles files =
            EmbeddingFiles.open(directory.resolve("vectors").toString(), access);
        ObjectStore store = ObjectStores.open(merged.toString(), access)) {
      DatasetMerge.merge(
          List.of(files),
          store,
          merged.resolve("_kiln"),
          Shard.whole(),
          MergeOptions.builder().cellDegrees(0.1).build());
    }
    Path archive = directory.resolve("archive").resolve(SampleArchive.NAIP);
    try (TestExplorer open = new TestExplorer(merged, archive, "127.0.0.1")) {
      int chips = open.get("/api/dataset").json().path("chips").asInt();
      assertThat(chips).isEqualTo(explorer.get("/api/dataset").json().path("chips").asInt());
      Map<String, Integer> numbers = new TreeMap<>();
      for (int i = 0; i < chips; i++) {
        numbers.put(explorer.get("/api/chip/" + i).json().path("chip_id").asString(), i);
      }
      for (int i = 0; i < chips; i += 4) {
        JsonNode chip = open.get("/api/chip/" + i).json();
        int same = numbers.get(chip.path("chip_id").asString());
        assertThat(chip.path("gsd")).isEqualTo(explorer.get("/api/chip/" + same).json().get("gsd"));
        assertThat(open.get("/api/picture/" + i).body())
            .isEqualTo(explorer.get("/api/picture/" + same).body());
        JsonNode similar =
            open.post("/api/similar", "{\"positives\":[%d],\"count\":3}".formatted(i)).json();
        assertThat(similar.path("chips").size()).isEqualTo(3);
      }
      double[] center = center(open.get("/api/chip/0").json());
      String tile =
          "/api/pictures/16/%d/%d"
              .formatted(
                  (int) (Mercator.x(center[0]) * (1 << 16)),
                  (int) (Mercator.y(center[1]) * (1 << 16)));
      assertThat(open.get(tile).body()).isEqualTo(explorer.get(tile).body());
    }
    try (EmbeddingFiles files = EmbeddingFiles.open(merged.toString(), access)) {
      MapPicture map = MapPicture.of(ChipReading.of(files).chips(), 64);
      assertThat(Arrays.stream(map.argb()).filter(pixel -> pixel != 0).count())
          .isGreaterThan(map.argb().length / 2);
    }
  }
}

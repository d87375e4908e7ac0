package dev.kiln.benchmarks;

import dev.kiln.archive.BandAsset;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.Shard;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.memory.ByteRange;
import dev.kiln.memory.HostBuffer;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.sample.SampleArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A scene of the sample with its bytes in host memory, as after fetching. */
final class SampleScene implements AutoCloseable {
  private final Platform platform;
  private final Scene scene;
  private final Path archive;
  private final Map<String, HostBuffer> assets = new LinkedHashMap<>();
  private List<SparseObject> objects = List.of();

  private SampleScene(Platform platform, Scene scene, Path archive) {
    this.platform = platform;
    this.scene = scene;
    this.archive = archive;
  }

  /** Returns the directory of the sample that mirrors the platform's bucket. */
  static Path archive(Path sample, String platform) {
    return sample.resolve(platform.equals("naip") ? SampleArchive.NAIP : SampleArchive.SENTINEL_2);
  }

  /** Returns the keys of the scenes of the sample. */
  static List<String> keys(Path sample, String platform) throws IOException {
    Path list =
        sample.resolve(
            platform.equals("naip") ? SampleArchive.NAIP_SCENES : SampleArchive.SENTINEL_2_SCENES);
    return SceneList.read(list.toString(), () -> Files.newInputStream(list), Shard.whole()).keys();
  }

  /** Reads the first scene of a platform. */
  static SampleScene load(Path sample, String platformName)
      throws IOException, SceneException, InterruptedException {
    Platform platform = PlatformCatalog.builtIn().get(platformName);
    Path archive = archive(sample, platformName);
    try (ObjectStore store = ObjectStores.open(archive.toString())) {
      String key = keys(sample, platformName).get(0);
      Scene scene = SceneArchive.of(platform).describe(key, store::stream);
      SampleScene loaded = new SampleScene(platform, scene, archive);
      loaded.objects = store.open(scene.assets());
      List<RangePlan> plans = new ArrayList<>();
      for (SparseObject object : loaded.objects) {
        plans.add(object.plan(List.of(new ByteRange(0, object.size()))));
        loaded.assets.put(object.key(), object.buffer());
      }
      store.fetch(plans);
      return loaded;
    }
  }

  Platform platform() {
    return platform;
  }

  List<BandAsset> bands() {
    return scene.bands();
  }

  /** Returns the bytes of each file with bands, by key. */
  Map<String, HostBuffer> assets() {
    return assets;
  }

  /** Returns the path of a file. */
  Path file(String asset) {
    return archive.resolve(asset);
  }

  @Override
  public void close() {
    objects.forEach(SparseObject::close);
  }
}

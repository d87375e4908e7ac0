package dev.kiln.run;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.BestScenes;
import dev.kiln.archive.FoundScene;
import dev.kiln.archive.Mask;
import dev.kiln.archive.Scene;
import dev.kiln.error.MachineException;
import dev.kiln.error.Printable;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.SparseObject;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures cloud over an area by the masks of scenes, which are read only where the area is. */
final class CloudMeasure implements BestScenes.CloudOverArea {
  private static final Logger log = LoggerFactory.getLogger(CloudMeasure.class);

  /** A scene that is never chosen. */
  private static final double NEVER = 2;

  private final Platform platform;
  private final BandAliases aliases;
  private final ObjectStore source;
  private final SceneMasking masking;
  private final AtomicInteger masksRead = new AtomicInteger();

  /**
   * Creates a measure.
   *
   * @param aliases names of bands in items
   * @param source store of the masks; borrowed
   * @param chips options with the area
   */
  CloudMeasure(Platform platform, BandAliases aliases, ObjectStore source, ChipOptions chips) {
    this.platform = platform;
    this.aliases = aliases;
    this.source = source;
    this.masking = new SceneMasking(chips, 1);
  }

  /** Returns the number of masks that have been read. */
  int masksRead() {
    return masksRead.get();
  }

  /**
   * {@inheritDoc}
   *
   * @throws MachineException if a mask cannot be read at the moment: leaving its scene out would
   *     change the choice from one run to the next
   */
  @Override
  public double of(FoundScene candidate) throws InterruptedException {
    try {
      Scene scene = candidate.item().scene(platform, true, aliases);
      return scene.mask().isEmpty() ? candidate.cloud().orElse(1) : measure(scene);
    } catch (SceneException e) {
      if (e.kind() == SceneException.Kind.TRANSIENT) {
        throw new MachineException(
            "cannot choose scenes for --best: "
                + e.getMessage()
                + "; run the command again when the source is available",
            e);
      }
      log.warn(
          "scene cannot be chosen: scene={} reason=\"{}\"",
          Printable.of(candidate.sceneKey()),
          Printable.of(e.getMessage()));
      return NEVER;
    }
  }

  private double measure(Scene scene) throws SceneException, InterruptedException {
    Mask band = scene.mask().orElseThrow();
    String name = band.band().object().name();
    masksRead.incrementAndGet();
    try (SparseObject object = source.open(List.of(name)).get(0)) {
      SceneMasking.Part part = masking.plan(scene, band, source, object);
      BitSet chips = part.inside();
      if (chips.isEmpty()) {
        return NEVER;
      }
      source.fetch(List.of(part.ranges()));
      ChipSelection selection = masking.select(scene, band, object, chips);
      double sum = 0;
      for (int i = chips.nextSetBit(0); i >= 0; i = chips.nextSetBit(i + 1)) {
        sum += Math.min(1, selection.shares().cloud(i) + selection.shares().nodata(i));
      }
      return sum / chips.cardinality();
    } catch (IOException e) {
      throw StoreErrors.of(source, List.of(name), e);
    }
  }
}

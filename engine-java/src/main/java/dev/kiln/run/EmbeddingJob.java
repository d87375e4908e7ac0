package dev.kiln.run;

import dev.kiln.archive.SceneArchive;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.platform.Platform;
import dev.kiln.sink.Provenance;
import java.util.List;

/**
 * What a run embeds. The stores are borrowed.
 *
 * @param platform whose bands the model takes
 * @param keys the shard's part of the scene list
 * @param archive says what a key stands for
 * @param source where the scenes lie
 * @param out where the files go
 * @param chips what is embedded of a scene
 * @param provenance goes into the footer of every file
 */
public record EmbeddingJob(
    Platform platform,
    List<String> keys,
    SceneArchive archive,
    ObjectStore source,
    ObjectStore out,
    ChipOptions chips,
    Provenance provenance) {
  public EmbeddingJob {
    keys = List.copyOf(keys);
  }
}

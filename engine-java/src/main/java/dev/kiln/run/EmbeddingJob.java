package dev.kiln.run;

import dev.kiln.archive.FileOptions;
import dev.kiln.archive.SceneArchive;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.platform.Platform;
import dev.kiln.sink.Provenance;
import java.util.List;

/**
 * What a run embeds. The stores are borrowed.
 *
 * @param platform sensor platform of the scenes
 * @param sceneKeys the shard's part of the scene list
 * @param archive describes the scene of a key
 * @param files what is known about scenes that are plain image files
 * @param source where scenes are read from
 * @param out where files are written to
 * @param chips which chips of a scene are embedded
 * @param vectors which vectors are written, and how
 * @param provenance recorded in the footer of every file
 */
record EmbeddingJob(
    Platform platform,
    List<String> sceneKeys,
    SceneArchive archive,
    FileOptions files,
    ObjectStore source,
    ObjectStore out,
    ChipOptions chips,
    VectorOptions vectors,
    Provenance provenance) {
  EmbeddingJob {
    sceneKeys = List.copyOf(sceneKeys);
  }
}

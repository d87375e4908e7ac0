package dev.kiln.explore;

import dev.kiln.archive.BandAliases;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneLine;
import dev.kiln.archive.SceneList;
import dev.kiln.archive.StacItem;
import dev.kiln.error.SceneException;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Items that only a scene list has, and that tell where the files of scenes are. */
public final class ListedScenes {
  /** No items. */
  public static final ListedScenes NONE = new ListedScenes(Map.of());

  private final Map<String, SceneLine> byId;

  private ListedScenes(Map<String, SceneLine> byId) {
    this.byId = byId;
  }

  /**
   * Reads the items of a list that belong to a dataset; lines that are keys are not needed.
   *
   * @param name the option and the list, for messages
   * @param source opens the list
   * @param ids item ids of the dataset
   * @return the items
   * @throws IOException if the list cannot be read
   */
  public static ListedScenes read(String name, SceneList.Source source, Collection<String> ids)
      throws IOException {
    Set<String> wanted = new HashSet<>(ids);
    Map<String, SceneLine> byId = new HashMap<>();
    SceneList.lines(
        name,
        source,
        line -> {
          if (line.isItem()) {
            try {
              String id = item(line).id();
              if (wanted.contains(id)) {
                byId.putIfAbsent(id, line);
              }
            } catch (SceneException e) {
              // It has no scene in the dataset either.
              return;
            }
          }
        });
    return new ListedScenes(byId);
  }

  private static StacItem item(SceneLine line) throws SceneException {
    return StacItem.parse(line.key(), line.text().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns the scene of an item.
   *
   * @param itemId id of the item
   * @param uri that the dataset records for the scene; another one is another scene
   * @return empty if the list has no such item
   * @throws SceneException (permanent) if the item has no bands of the platform
   */
  Optional<Scene> scene(String itemId, String uri, Platform platform) throws SceneException {
    SceneLine line = byId.get(itemId);
    return line == null
        ? Optional.empty()
        : Optional.of(item(line).sceneOfKnown(platform, false, BandAliases.standard()))
            .filter(scene -> scene.uri().equals(uri));
  }
}

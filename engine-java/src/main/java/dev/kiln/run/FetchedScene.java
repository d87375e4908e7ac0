package dev.kiln.run;

import dev.kiln.archive.Scene;
import dev.kiln.fetch.SparseObject;
import dev.kiln.pipeline.BoundedQueue;
import dev.kiln.raster.StripWindow;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A scene whose bytes are in host memory: all of them, or the first section of a large scene whose
 * other sections follow. Owns them. The fetch and the decode stage use it at the same time while
 * sections are fetched; the last of both frees it.
 */
final class FetchedScene implements BoundedQueue.Owner {
  private final Scene scene;
  private final String outputKey;
  private final Optional<ChipSelection> selection;
  private final Optional<ScenePlan> plan;
  private final Map<String, SparseObject> assets;
  private final long bytes;
  private final ByteBudget.Share budget;
  private final SectionFeed feed = new SectionFeed();
  private boolean fetching;
  private boolean closed;

  /**
   * Creates a scene.
   *
   * @param scene description of the scene
   * @param outputKey key of its file in the output
   * @param selection chips that the mask lets through; empty if the scene has no mask
   * @param plan what is read of it; empty if no chip is wanted
   * @param assets objects that hold bands, by name, with the tiles that chips touch; none if no
   *     chip is wanted
   * @param bytes fetched in all, mask included
   * @param budget the scene's share of the fetch memory
   */
  FetchedScene(
      Scene scene,
      String outputKey,
      Optional<ChipSelection> selection,
      Optional<ScenePlan> plan,
      Map<String, SparseObject> assets,
      long bytes,
      ByteBudget.Share budget) {
    this.scene = scene;
    this.outputKey = outputKey;
    this.selection = selection;
    this.plan = plan;
    this.assets = Map.copyOf(assets);
    this.bytes = bytes;
    this.budget = budget;
  }

  Scene scene() {
    return scene;
  }

  String sceneKey() {
    return scene.sceneKey();
  }

  String outputKey() {
    return outputKey;
  }

  Optional<ChipSelection> selection() {
    return selection;
  }

  Optional<ScenePlan> plan() {
    return plan;
  }

  Map<String, SparseObject> assets() {
    return assets;
  }

  /** Returns the bytes fetched so far. */
  long bytes() {
    return bytes;
  }

  /** Returns whether the mask leaves no chip to embed. */
  boolean isMasked() {
    return selection.isPresent() && selection.get().surviving().isEmpty();
  }

  /** Returns the strips of each section; none if no chip is wanted. */
  List<List<StripWindow>> sections() {
    return plan.map(ScenePlan::sections).orElse(List.of());
  }

  /** Returns whether sections are still to be fetched. */
  boolean hasMoreSections() {
    return sections().size() > 1;
  }

  /** Returns how sections reach the decode stage. */
  SectionFeed feed() {
    return feed;
  }

  /**
   * Marks the scene as in use by the fetch stage.
   *
   * @return false if it is closed
   */
  synchronized boolean startFetching() {
    fetching = !closed;
    return fetching;
  }

  /** Ends the use by the fetch stage. */
  synchronized void endFetching() {
    fetching = false;
    if (closed) {
      free();
    }
  }

  @Override
  public synchronized void close() {
    feed.close();
    closed = true;
    if (!fetching) {
      free();
    }
  }

  private void free() {
    assets.values().forEach(SparseObject::close);
    budget.close();
  }
}

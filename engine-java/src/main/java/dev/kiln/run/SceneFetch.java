package dev.kiln.run;

import dev.kiln.archive.FileOptions;
import dev.kiln.archive.ImageFile;
import dev.kiln.archive.Mask;
import dev.kiln.archive.Scene;
import dev.kiln.archive.SceneArchive;
import dev.kiln.archive.VrtFile;
import dev.kiln.error.Printable;
import dev.kiln.error.RetryPolicy;
import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.memory.PagePool;
import dev.kiln.pipeline.Stage;
import dev.kiln.platform.Platform;
import dev.kiln.raster.TiffDescription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the bytes of scenes into host memory, within a budget: the mask first, then of the bands
 * only the tiles with chips that the mask lets through.
 */
final class SceneFetch {
  private static final Logger log = LoggerFactory.getLogger(SceneFetch.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  private final Platform platform;
  private final FileOptions files;
  private final ObjectStore source;
  private final SceneSource scenes;
  private final RetryPolicy retries;
  private final SceneMasking masking;
  private final ChipOptions chips;
  private final ScenePlan.Limits limits;
  private final ByteBudget budget;
  private final long memory;
  private final PagePool pages;

  /**
   * Creates a fetcher.
   *
   * @param job its source is borrowed
   * @param pages memory of earlier scenes, borrowed
   */
  SceneFetch(EmbeddingJob job, RunOptions options, PagePool pages) {
    this.platform = job.platform();
    this.files = job.files();
    this.source = job.source();
    this.scenes = new SceneSource(job.archive(), job.source());
    this.masking = new SceneMasking(job.chips(), options.inflateThreads());
    this.chips = job.chips();
    this.limits = ScenePlan.Limits.of(job.platform(), options.fetchMemory());
    this.retries = RetryPolicy.of(options.attempts(), FIRST_PAUSE);
    this.budget = new ByteBudget(options.fetchMemory());
    this.memory = options.fetchMemory();
    this.pages = pages;
  }

  /** Fetches one scene; transient errors are retried with exponential backoff. */
  FetchedScene fetch(PendingScene pending, Stage stage)
      throws SceneException, InterruptedException {
    return retrying(pending.sceneKey(), stage, attempt -> once(pending, stage));
  }

  private <T> T retrying(
      String sceneKey, Stage stage, RetryPolicy.Attempt<T, RuntimeException> attempt)
      throws SceneException, InterruptedException {
    return retries.call(
        log,
        sceneKey,
        e -> RetryPolicy.Verdict.transientIf(e instanceof SceneException scene && canRetry(scene)),
        pause ->
            stage.waitFor(
                () -> {
                  RetryPolicy.Sleeper.THREAD.sleep(pause);
                  return null;
                }),
        attempt);
  }

  private static boolean canRetry(SceneException e) {
    return e.kind() == SceneException.Kind.TRANSIENT && !StoreErrors.afterAllAttempts(e);
  }

  private FetchedScene once(PendingScene pending, Stage stage)
      throws SceneException, InterruptedException {
    PlannedScene planned = plan(pending, stage);
    List<SparseObject> objects = planned.objects();
    ByteBudget.Share share = null;
    try {
      long needed = held(objects) + planned.plan().map(SceneFetch::reserved).orElse(0L);
      share = stage.waitFor(() -> budget.take(needed));
      if (planned.plan().isPresent()) {
        List<RangePlan> ranges = planned.plan().get().ranges(0);
        prepare(ranges);
        scenes.fetch(ranges, planned.names());
      }
      return new FetchedScene(
          planned.scene(),
          pending.outputKey(),
          planned.selection(),
          planned.plan(),
          named(planned.names(), objects),
          planned.maskBytes() + held(objects),
          share);
    } catch (InterruptedException | RuntimeException | Error e) {
      planned.close();
      if (share != null) {
        share.close();
      }
      throw e;
    }
  }

  /** Reuses memory for ranges whose share of the budget has been taken. */
  private void prepare(List<RangePlan> ranges) {
    ranges.forEach(plan -> plan.object().prepare(plan.ranges(), pages));
    // What is kept for later scenes and what scenes hold must fit into the budget together.
    pages.trim(memory - budget.held());
  }

  /** Returns the most bytes of a scene that are in memory at once. */
  private static long reserved(ScenePlan plan) {
    return plan.sections().size() > 1
        ? plan.mostBytes()
        : plan.ranges(0).stream().mapToLong(RangePlan::bytes).sum();
  }

  /**
   * Opens a scene and plans its ranges; fetches headers, and the mask if there is one.
   *
   * @return owned by the caller
   */
  PlannedScene plan(PendingScene pending, Stage stage) throws SceneException, InterruptedException {
    if (SceneArchive.isImageFile(platform, pending.sceneKey())) {
      return imageFile(pending);
    }
    Scene scene = scenes.describe(pending.sceneKey());
    if (scene.mask().isEmpty()) {
      return bands(scene, Optional.empty(), scene.assets(), scenes.open(scene.assets()), 0);
    }
    try {
      return masked(scene, scene.mask().get(), stage);
    } catch (MissingMaskException e) {
      if (masking.isRequired()) {
        throw e.error;
      }
      log.warn(
          "scene is embedded without a mask: scene={} reason=\"{}\"",
          Printable.of(pending.sceneKey()),
          Printable.of(e.error.getMessage()));
      return bands(scene, Optional.empty(), scene.assets(), scenes.open(scene.assets()), 0);
    }
  }

  /** Plans a scene that is one file, whose header describes it. */
  private PlannedScene imageFile(PendingScene pending) throws SceneException, InterruptedException {
    if (VrtFile.isVrt(pending.sceneKey())) {
      Scene scene = scenes.vrt(pending.sceneKey()).scene(platform, files);
      return bands(scene, Optional.empty(), scene.assets(), scenes.open(scene.assets()), 0);
    }
    List<String> names = List.of(pending.sceneKey());
    List<SparseObject> objects = scenes.open(names);
    Scene scene;
    try {
      TiffDescription file =
          ScenePlan.description(source, names.get(0), objects.get(0))
              .with(ImageAndSidecars.sidecar(names.get(0), objects.get(0)));
      scene =
          new ImageFile(pending.sceneKey(), file.names(), file.colours(), file.datetime())
              .scene(platform, files);
    } catch (InterruptedException | RuntimeException | Error e) {
      objects.forEach(SparseObject::close);
      throw e;
    }
    return bands(scene, Optional.empty(), names, objects, 0);
  }

  /** The mask of a scene cannot be opened. */
  private static final class MissingMaskException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient SceneException error;

    MissingMaskException(SceneException error) {
      super(error);
      this.error = error;
    }
  }

  private SparseObject openMask(String name) throws MissingMaskException, InterruptedException {
    try {
      return scenes.open(List.of(name)).get(0);
    } catch (SceneException e) {
      if (e.kind() == SceneException.Kind.PERMANENT) {
        throw new MissingMaskException(e);
      }
      throw e;
    }
  }

  /**
   * Plans a scene by its mask. The grid of the bands is taken from the metadata if those of item
   * and platform agree, so that scenes under clouds cost the requests of the mask only. Otherwise,
   * or if the bands turn out to be different, it is taken from the files.
   */
  private PlannedScene masked(Scene scene, Mask mask, Stage stage)
      throws MissingMaskException, InterruptedException {
    String maskName = mask.band().object().name();
    OptionalInt width;
    Optional<Masked> masked = Optional.empty();
    try (SparseObject object = openMask(maskName)) {
      width = masking.gridWidth(scene, mask, platform.gsd(), source, object);
      if (width.isPresent()) {
        masked = Optional.of(select(scene, mask, object, stage));
      }
    }
    if (masked.isPresent() && masked.get().selection.surviving().isEmpty()) {
      return bands(
          scene, Optional.of(masked.get().selection), List.of(), List.of(), masked.get().bytes);
    }
    List<SparseObject> objects = scenes.open(scene.assets());
    try {
      int found = width(scene.assets(), objects);
      if (masked.isEmpty() || width.getAsInt() != found) {
        try (SparseObject object = openMask(maskName)) {
          masked = Optional.of(select(scene, mask.withGridWidth(found), object, stage));
        }
      }
    } catch (MissingMaskException | InterruptedException | RuntimeException | Error e) {
      objects.forEach(SparseObject::close);
      throw e;
    }
    Masked result = masked.get();
    if (result.selection.surviving().isEmpty()) {
      objects.forEach(SparseObject::close);
      return bands(scene, Optional.of(result.selection), List.of(), List.of(), result.bytes);
    }
    return bands(scene, Optional.of(result.selection), scene.assets(), objects, result.bytes);
  }

  /**
   * What a mask lets through.
   *
   * @param bytes that were fetched of the mask
   */
  private record Masked(ChipSelection selection, long bytes) {}

  private Masked select(Scene scene, Mask mask, SparseObject object, Stage stage)
      throws SceneException, InterruptedException {
    SceneMasking.Part part = masking.plan(scene, mask, source, object);
    // Returned before the bands' share is taken: scenes must not wait for each other's masks.
    ByteBudget.Share share = stage.waitFor(() -> budget.take(part.ranges().bytes()));
    try (share) {
      scenes.fetch(List.of(part.ranges()), List.of(mask.band().object().name()));
      return new Masked(masking.select(scene, mask, object, part.inside()), object.heldBytes());
    }
  }

  /** Returns the width of the finest band. */
  private int width(List<String> names, List<SparseObject> objects)
      throws SceneException, InterruptedException {
    int width = 0;
    for (int i = 0; i < objects.size(); i++) {
      width = Math.max(width, ScenePlan.layout(source, names.get(i), objects.get(i)).width());
    }
    return width;
  }

  /**
   * Plans the bands of a scene.
   *
   * @param objects the objects named by {@code wanted}; owned
   */
  private PlannedScene bands(
      Scene scene,
      Optional<ChipSelection> selection,
      List<String> wanted,
      List<SparseObject> objects,
      long maskBytes)
      throws SceneException, InterruptedException {
    if (selection.isEmpty() && chips.area().isPresent()) {
      return inArea(scene, wanted, objects, maskBytes);
    }
    List<String> names = new ArrayList<>(wanted);
    List<SparseObject> opened = new ArrayList<>(objects);
    try {
      for (int i = 0; i < objects.size(); i++) {
        if (hasMaskBeside(wanted.get(i), objects.get(i))) {
          String mask = ImageAndSidecars.maskOf(wanted.get(i));
          opened.addAll(scenes.open(List.of(mask)));
          names.add(mask);
        }
      }
      Optional<ScenePlan> plan =
          objects.isEmpty()
              ? Optional.empty()
              : Optional.of(new ScenePlan(source, scene, names, opened, selection, chips, limits));
      return new PlannedScene(scene, selection, plan, names, opened, maskBytes);
    } catch (InterruptedException | RuntimeException | Error e) {
      opened.forEach(SparseObject::close);
      throw e;
    }
  }

  /** Returns whether a file masks the pixels of an image that has no mask of its own. */
  private boolean hasMaskBeside(String name, SparseObject object)
      throws SceneException, InterruptedException {
    return ImageAndSidecars.hasMask(name, object)
        && !ScenePlan.layout(source, name, object).hasMask();
  }

  /**
   * Fetches the sections of a scene after the first, as the decode stage needs them. The decode
   * stage reports a failure as the scene's.
   *
   * @param counted receives the bytes of each section
   * @return what failed; empty if nothing did
   */
  Optional<Throwable> rest(FetchedScene scene, Stage stage, LongConsumer counted)
      throws InterruptedException {
    if (!scene.hasMoreSections() || !scene.startFetching()) {
      return Optional.empty();
    }
    ScenePlan plan = scene.plan().orElseThrow();
    SectionFeed feed = scene.feed();
    List<String> names = List.copyOf(scene.assets().keySet());
    try {
      for (int i = 1; i < plan.sections().size(); i++) {
        int section = i;
        if (!stage.waitFor(() -> feed.awaitRoom(section))) {
          return Optional.empty();
        }
        if (section >= 2) {
          plan.release(section - 2);
        }
        stage.work(
            scene.sceneKey(),
            0,
            () -> {
              List<RangePlan> ranges = plan.ranges(section);
              prepare(ranges);
              retrying(
                  scene.sceneKey(),
                  stage,
                  attempt -> {
                    scenes.fetch(ranges, names);
                    return null;
                  });
              counted.accept(ranges.stream().mapToLong(RangePlan::bytes).sum());
              return null;
            });
        feed.fetched(section);
      }
      return Optional.empty();
    } catch (RuntimeException | Error e) {
      feed.fail(e);
      return Optional.of(e);
    } finally {
      scene.endFetching();
    }
  }

  /** Plans the bands of a scene without a mask where the area of the run is. */
  private PlannedScene inArea(
      Scene scene, List<String> wanted, List<SparseObject> objects, long maskBytes)
      throws SceneException, InterruptedException {
    ChipSelection selection;
    try {
      for (int i = 0; i < objects.size(); i++) {
        ScenePlan.layout(source, wanted.get(i), objects.get(i));
      }
      selection = AreaChips.select(scene, wanted, objects, chips);
    } catch (InterruptedException | RuntimeException | Error e) {
      objects.forEach(SparseObject::close);
      throw e;
    }
    if (!selection.surviving().isEmpty()) {
      return bands(scene, Optional.of(selection), wanted, objects, maskBytes);
    }
    long held = objects.stream().mapToLong(SparseObject::heldBytes).sum();
    objects.forEach(SparseObject::close);
    return bands(scene, Optional.of(selection), List.of(), List.of(), maskBytes + held);
  }

  private static Map<String, SparseObject> named(List<String> names, List<SparseObject> objects) {
    Map<String, SparseObject> named = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      named.put(names.get(i), objects.get(i));
    }
    return named;
  }

  private static long held(List<SparseObject> objects) {
    return objects.stream().mapToLong(SparseObject::heldBytes).sum();
  }
}

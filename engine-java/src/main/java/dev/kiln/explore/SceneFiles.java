package dev.kiln.explore;

import dev.kiln.error.SceneException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.RangePlan;
import dev.kiln.fetch.SparseObject;
import dev.kiln.raster.ImagePyramid;
import dev.kiln.tiles.TiledTiff;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The open files of a scene, with the bytes that were read of them. Not thread-safe. */
final class SceneFiles implements AutoCloseable {
  private final ObjectStore source;

  /** The file that was used least recently is the first. */
  private final Map<String, OpenFile> files = new LinkedHashMap<>(16, 0.75f, true);

  private volatile long heldBytes;

  private record OpenFile(SparseObject object, ImagePyramid image) {
    void close() {
      image.close();
      object.close();
    }
  }

  /**
   * A part of a file.
   *
   * @param name of the file
   * @param level of its pyramid
   * @param window inside the level
   * @param bands band numbers, from 1
   */
  record Part(String name, int level, TiledTiff.Window window, int... bands) {}

  /**
   * Creates an empty set.
   *
   * @param source that contains the files, borrowed
   */
  SceneFiles(ObjectStore source) {
    this.source = source;
  }

  /** Returns the bytes of imagery in memory; other threads may get an older value. */
  long heldBytes() {
    return heldBytes;
  }

  /** Opens files, which reads their headers; those that are open stay open. */
  void open(Collection<String> names) throws IOException, InterruptedException {
    // Uses those that are open, too.
    List<String> missing =
        names.stream().distinct().filter(name -> files.get(name) == null).toList();
    if (missing.isEmpty()) {
      return;
    }
    List<SparseObject> objects = source.open(missing);
    int opened = 0;
    try {
      for (; opened < missing.size(); opened++) {
        SparseObject object = objects.get(opened);
        String name = missing.get(opened);
        ImagePyramid image =
            ImagePyramid.open(name, object.buffer(), (at, n) -> bytes(object, at, n));
        files.put(name, new OpenFile(object, image));
      }
    } finally {
      ObjectStore.closeAll(objects.subList(opened, objects.size()));
    }
  }

  private static ByteBuffer bytes(SparseObject object, long offset, int length)
      throws SceneException, InterruptedException {
    try {
      return object.bytes(offset, length);
    } catch (IOException e) {
      throw SceneException.transientError(object.key(), "reading failed: " + e.getMessage(), e);
    }
  }

  /** Returns an open file; borrowed until it is closed. */
  ImagePyramid image(String name) {
    return files.get(name).image();
  }

  /** Reads the bytes of parts of open files. */
  void fetch(List<Part> parts) throws IOException, InterruptedException {
    List<RangePlan> plans = new ArrayList<>();
    for (Part part : parts) {
      OpenFile file = files.get(part.name());
      plans.add(file.object().plan(file.image().ranges(part.level(), part.window(), part.bands())));
    }
    source.fetch(plans);
    count();
  }

  /** Closes the files that were used least recently, so that not more than a number are open. */
  void keep(int most) {
    Iterator<OpenFile> oldest = files.values().iterator();
    while (files.size() > most) {
      OpenFile file = oldest.next();
      oldest.remove();
      file.close();
    }
    count();
  }

  private void count() {
    heldBytes = files.values().stream().mapToLong(file -> file.object().heldBytes()).sum();
  }

  /** Closes all files; they can be opened again. */
  @Override
  public void close() {
    keep(0);
  }
}

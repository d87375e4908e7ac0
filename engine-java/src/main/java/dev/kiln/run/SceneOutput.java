package dev.kiln.run;

import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectWriter;
import dev.kiln.infer.VectorLayout;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import dev.kiln.sink.VectorColumns;
import dev.kiln.sink.VectorType;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * The file of a scene while it is written: it appears in the output when it is finished. Vectors of
 * patches have a file of their own, which appears first, so that a scene whose file exists is
 * complete.
 */
final class SceneOutput implements AutoCloseable {
  /** Directory of the files of patches. Readers of an output ignore names with an underscore. */
  static final String PATCHES = "_patches/";

  private final VectorLayout layout;
  private final File chips;
  private final Optional<File> patches;

  /** An object and what writes into it. */
  private record File(ObjectWriter object, GeoParquetWriter writer) {
    static File open(
        ObjectStore out, String key, SceneInfo scene, VectorColumns vectors, Provenance provenance)
        throws IOException {
      ObjectWriter object = out.write(key);
      try {
        return new File(object, new GeoParquetWriter(scene, vectors, provenance, object));
      } catch (IOException | RuntimeException | Error e) {
        object.close();
        throw e;
      }
    }

    long finish(Map<String, String> decisions) throws IOException {
      writer.finish(decisions);
      object.complete();
      return writer.bytes();
    }
  }

  /**
   * Starts the files of a scene.
   *
   * @param out where they are written to
   * @param key of the scene's file
   * @param layout of the rows' vectors
   * @param type of stored vectors
   */
  SceneOutput(
      ObjectStore out,
      String key,
      SceneInfo scene,
      VectorLayout layout,
      VectorType type,
      Provenance provenance)
      throws IOException {
    this.layout = layout;
    this.chips = File.open(out, key, scene, new VectorColumns(type, layout.mean(), 0), provenance);
    try {
      this.patches =
          layout.patchGrid() == 0
              ? Optional.empty()
              : Optional.of(
                  File.open(
                      out,
                      PATCHES + key,
                      scene,
                      new VectorColumns(type, false, layout.patchGrid()),
                      provenance));
    } catch (IOException | RuntimeException | Error e) {
      chips.object().close();
      throw e;
    }
  }

  /**
   * Writes a row group.
   *
   * @param rows chips and their vectors {@code [chips, values of a chip]}
   */
  void write(ChipRows rows) throws IOException {
    if (!layout.needsTokens()) {
      chips.writer().write(rows);
      return;
    }
    int dim = layout.dim();
    chips
        .writer()
        .write(
            new ChipRows(
                rows.chips(),
                part(rows, 0, dim),
                layout.mean() ? part(rows, dim, dim) : new float[0]));
    if (patches.isPresent()) {
      patches
          .get()
          .writer()
          .write(
              new ChipRows(rows.chips(), part(rows, layout.patchesAt(), layout.patches() * dim)));
    }
  }

  /** Returns a range of each chip's values, one after the other. */
  private float[] part(ChipRows rows, int from, int length) {
    float[] part = new float[Math.multiplyExact(rows.size(), length)];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.embeddings(), i * layout.length() + from, part, i * length, length);
    }
    return part;
  }

  /**
   * Completes the files.
   *
   * @return their size in bytes
   */
  long finish(Map<String, String> decisions) throws IOException {
    long bytes = patches.isPresent() ? patches.get().finish(decisions) : 0;
    return bytes + chips.finish(decisions);
  }

  /** Discards the files unless they are finished. Idempotent. */
  @Override
  public void close() {
    chips.object().close();
    patches.ifPresent(file -> file.object().close());
  }
}

package dev.kiln.run;

import dev.kiln.fetch.ObjectWriter;
import dev.kiln.sink.ChipRows;
import dev.kiln.sink.GeoParquetWriter;
import dev.kiln.sink.Provenance;
import dev.kiln.sink.SceneInfo;
import java.io.IOException;
import java.util.Map;

/** The file of a scene while it is written: it appears in the output when it is finished. */
final class SceneOutput implements AutoCloseable {
  private final ObjectWriter object;
  private final GeoParquetWriter file;

  /**
   * Starts a file.
   *
   * @param object receives the bytes; owned
   */
  SceneOutput(ObjectWriter object, SceneInfo scene, Provenance provenance) throws IOException {
    this.object = object;
    this.file = new GeoParquetWriter(scene, provenance, object);
  }

  /** Writes a row group. */
  void write(ChipRows rows) throws IOException {
    file.write(rows);
  }

  /**
   * Completes the file.
   *
   * @return its size in bytes
   */
  long finish(Map<String, String> decisions) throws IOException {
    file.finish(decisions);
    object.complete();
    return file.bytes();
  }

  /** Discards the file unless it is finished. Idempotent. */
  @Override
  public void close() {
    object.close();
  }
}

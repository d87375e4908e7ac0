package dev.kiln.dataset;

import dev.kiln.error.ConfigurationException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.ObjectStores;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.sink.EmbeddingFile;
import java.io.IOException;

/** One file of a bucket or web server, of which only the parts that are read are fetched. */
public final class StoredFile implements AutoCloseable {
  private final ObjectStore store;
  private final StoredBytes bytes;
  private final EmbeddingFile file;

  /**
   * Opens a file and reads its footer.
   *
   * @param uri of the file
   * @param options how its store is reached
   * @throws ConfigurationException if it is not a Parquet file, is truncated or is damaged, or the
   *     settings of the store must be changed
   * @throws IOException if there is no such file, or the store cannot be reached
   * @throws InterruptedException if the thread is interrupted
   */
  public StoredFile(String uri, StoreOptions options) throws IOException, InterruptedException {
    this.store = ObjectStores.open(ObjectStores.parent(uri), options);
    StoredBytes opened = null;
    try {
      opened = new StoredBytes(store, ObjectStores.name(uri));
      this.bytes = opened;
      this.file = EmbeddingFile.open(bytes);
    } catch (IOException | RuntimeException e) {
      if (opened != null) {
        opened.close();
      }
      store.close();
      ReadErrors.requireOfTheFile(e);
      throw e;
    }
  }

  /** {@return the file} Borrowed. */
  public EmbeddingFile file() {
    return file;
  }

  @Override
  public void close() {
    bytes.close();
    store.close();
  }
}

package dev.kiln.cli;

import dev.kiln.archive.OutputKey;
import dev.kiln.dataset.EmbeddingFiles;
import dev.kiln.error.KilnException;
import dev.kiln.fetch.ObjectStore;
import dev.kiln.fetch.StoreOptions;
import dev.kiln.picture.ChipReading;
import dev.kiln.picture.MapPicture;
import java.io.IOException;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The picture of the scenes of a run, beside the run's report.
 *
 * @param out URI of the output
 * @param options for the output
 * @param store the output, borrowed
 */
record Preview(String out, StoreOptions options, ObjectStore store) {
  private static final Logger log = LoggerFactory.getLogger(Preview.class);
  private static final int SIZE = 1024;

  /**
   * Writes the picture under the key of the report, with the suffix {@code .png}. A failure is
   * logged: the files of the run are complete without it.
   *
   * @param sceneKeys scenes of the run
   */
  void write(Collection<String> sceneKeys, String reportKey) throws InterruptedException {
    String key = reportKey.replaceFirst("\\.json$", "") + ".png";
    try {
      Set<String> keys = new TreeSet<>();
      for (String sceneKey : sceneKeys) {
        try {
          keys.add(OutputKey.of(sceneKey));
        } catch (IllegalArgumentException e) {
          // Such a scene has failed and is in the report.
        }
      }
      Set<String> existing = store.existing(keys);
      if (existing.isEmpty()) {
        log.warn("preview not written: reason=\"no scene of this run has a file\"");
        return;
      }
      try (EmbeddingFiles files = EmbeddingFiles.of(out, options, existing)) {
        store.put(key, MapPicture.of(ChipReading.of(files).chips(), SIZE).png());
        log.info("preview written: file={}", store.uri(key));
      }
    } catch (IOException | KilnException e) {
      log.warn("preview not written: reason=\"{}\"", e.getMessage());
    }
  }
}

package dev.kiln.archive;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One scene to embed, known before any of its pixels is fetched.
 *
 * @param key the scene's key in its list and in the source bucket: a TIFF for {@code naip}, a STAC
 *     item for every other platform
 * @param itemId the name that its chips carry
 * @param datetime when it was acquired, UTC
 * @param gsd ground sample distance in metres per pixel
 * @param bands where each band of the platform lies, in the platform's band order
 * @param mask where the classification that masks its chips lies, for platforms that have one
 */
public record Scene(
    String key,
    String itemId,
    Instant datetime,
    double gsd,
    List<BandAsset> bands,
    Optional<BandAsset> mask) {

  public Scene {
    bands = List.copyOf(bands);
  }
}

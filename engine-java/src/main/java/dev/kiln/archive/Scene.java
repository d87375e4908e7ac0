package dev.kiln.archive;

import dev.kiln.type.PixelType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One scene to embed, known before any of its pixels is fetched.
 *
 * @param key the scene's key in its list and in the source bucket: a TIFF for {@code naip}, a STAC
 *     item for every other platform
 * @param uri where its archive keeps it, whatever mirror it is read from
 * @param itemId the name that its chips carry
 * @param datetime when it was acquired, UTC
 * @param gsd ground sample distance in metres per pixel
 * @param bands where each band of the platform lies, in the platform's band order
 * @param pixelType how the archive stores its bands; empty if that varies
 * @param mask the classification that masks its chips, for platforms that have one
 * @param nodataByValue whether pixels that hold a band's nodata value are to be masked
 * @param radiometricOffset what its metadata ask to be added to stored values, 0 for nothing
 */
public record Scene(
    String key,
    String uri,
    String itemId,
    Instant datetime,
    double gsd,
    List<BandAsset> bands,
    Optional<PixelType> pixelType,
    Optional<Mask> mask,
    boolean nodataByValue,
    int radiometricOffset) {

  public Scene {
    bands = List.copyOf(bands);
  }

  /** Keys of the objects that hold its bands, each once. */
  public List<String> assets() {
    return bands.stream().map(band -> band.object().key()).distinct().toList();
  }
}

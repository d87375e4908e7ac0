package dev.kiln.archive;

import dev.kiln.memory.PixelType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a scene before its pixels are read.
 *
 * @param key line of the scene list
 * @param uri where the archive itself keeps it, whatever mirror it is read from
 * @param itemId name of the scene; chips are named after it
 * @param datetime when it was taken
 * @param gsd ground sample distance in metres per pixel
 * @param bands where each band of the platform lies, in the platform's order
 * @param bandsInFile how many bands each file must hold; empty if any number from the highest used
 * @param pixelType the stored type that the archive promises; empty if it promises none
 */
public record SceneDescription(
    String key,
    String uri,
    String itemId,
    Instant datetime,
    float gsd,
    List<BandAsset> bands,
    Optional<Integer> bandsInFile,
    Optional<PixelType> pixelType) {

  /**
   * One band of a scene.
   *
   * @param band name in the platform
   * @param asset key of the object that holds it
   * @param index its number within the file, from 1
   */
  public record BandAsset(String band, String asset, int index) {}

  public SceneDescription {
    bands = List.copyOf(bands);
  }

  /** Keys of the objects that hold the bands, each once, in order. */
  public List<String> assets() {
    return bands.stream().map(BandAsset::asset).distinct().toList();
  }
}

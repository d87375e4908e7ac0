package dev.kiln.archive;

import dev.kiln.type.PixelType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A scene to embed, as described by its key or its metadata.
 *
 * @param sceneKey the scene's line in the scene list, and its key in the source: a TIFF for {@code
 *     naip}, a STAC item for every other platform
 * @param uri its location in the original archive, even if it is read from a mirror
 * @param itemId id of the scene in the output
 * @param datetime when it was acquired, UTC
 * @param gsd ground sample distance in metres per pixel
 * @param bands the file of each band, in the platform's band order
 * @param pixelType type of the stored pixels; empty if it varies within the archive
 * @param mask classification that masks chips; empty for platforms without one
 * @param nodataByValue whether pixels with a band's nodata value count as missing
 * @param storedOffset evidence of an offset in stored values
 * @param gsdByName whether {@code gsd} applies even if the file has another pixel size
 * @param grid grid that the description states; empty to believe the files
 * @param pieces parts of files that the scene is put together from, on {@code grid}; empty if its
 *     bands are whole files. All have the bands at the indices of {@code bands}
 * @param decisions decisions about a scene that nothing describes, by name, for its footer
 */
public record Scene(
    String sceneKey,
    String uri,
    String itemId,
    Instant datetime,
    double gsd,
    List<BandAsset> bands,
    Optional<PixelType> pixelType,
    Optional<Mask> mask,
    boolean nodataByValue,
    StoredOffset storedOffset,
    boolean gsdByName,
    Optional<StatedGrid> grid,
    List<MosaicPiece> pieces,
    Map<String, String> decisions) {

  /** Copies the bands and requires key, id, time and bands. */
  public Scene {
    Objects.requireNonNull(sceneKey, "sceneKey");
    Objects.requireNonNull(itemId, "itemId");
    Objects.requireNonNull(datetime, "datetime");
    bands = List.copyOf(bands);
    pieces = List.copyOf(pieces);
    decisions = Map.copyOf(decisions);
  }

  /**
   * Returns a builder of a scene without mask, nodata values and radiometric offset.
   *
   * @param sceneKey the scene's line in the scene list
   * @return the builder
   */
  public static Builder builder(String sceneKey) {
    return new Builder(sceneKey);
  }

  /**
   * Returns the names of the objects that contain the bands, each once.
   *
   * @return names, as {@link ObjectRef#name} returns them
   */
  public List<String> assets() {
    return (pieces.isEmpty()
            ? bands.stream().map(BandAsset::object)
            : pieces.stream().map(MosaicPiece::object))
        .map(ObjectRef::name)
        .distinct()
        .toList();
  }

  /** Builds a {@link Scene}; id, time, gsd and bands are required. */
  public static final class Builder {
    private final String sceneKey;
    private String uri;
    private String itemId;
    private Instant datetime;
    private double gsd;
    private List<BandAsset> bands = List.of();
    private Optional<PixelType> pixelType = Optional.empty();
    private Optional<Mask> mask = Optional.empty();
    private boolean nodataByValue;
    private StoredOffset storedOffset = StoredOffset.NONE;
    private boolean gsdByName;
    private Optional<StatedGrid> grid = Optional.empty();
    private List<MosaicPiece> pieces = List.of();
    private Map<String, String> decisions = Map.of();

    private Builder(String sceneKey) {
      this.sceneKey = sceneKey;
      this.uri = sceneKey;
    }

    /**
     * Sets the grid that the description states.
     *
     * @param stated what the files must have; empty to believe them
     * @return this
     */
    public Builder grid(Optional<StatedGrid> stated) {
      this.grid = stated;
      return this;
    }

    /**
     * Sets the parts of files that the scene is put together from; default: none.
     *
     * @param parts in the order in which they cover each other
     * @return this
     */
    public Builder pieces(List<MosaicPiece> parts) {
      this.pieces = parts;
      return this;
    }

    /**
     * Sets the location in the original archive; default: the scene key.
     *
     * @param archiveUri the location
     * @return this
     */
    public Builder uri(String archiveUri) {
      this.uri = archiveUri;
      return this;
    }

    /**
     * Sets the id of the scene in the output.
     *
     * @param id of the scene
     * @return this
     */
    public Builder itemId(String id) {
      this.itemId = id;
      return this;
    }

    /**
     * Sets the time of acquisition.
     *
     * @param acquired UTC
     * @return this
     */
    public Builder datetime(Instant acquired) {
      this.datetime = acquired;
      return this;
    }

    /**
     * Sets the ground sample distance.
     *
     * @param metres per pixel
     * @return this
     */
    public Builder gsd(double metres) {
      this.gsd = metres;
      return this;
    }

    /**
     * Sets the files of the bands.
     *
     * @param assets in the platform's band order
     * @return this
     */
    public Builder bands(List<BandAsset> assets) {
      this.bands = assets;
      return this;
    }

    /**
     * Sets the type of the stored pixels; default: varies within the archive.
     *
     * @param type of all bands
     * @return this
     */
    public Builder pixelType(PixelType type) {
      this.pixelType = Optional.of(type);
      return this;
    }

    /**
     * Sets the classification that masks the scene's chips; default: none.
     *
     * @param classification empty for none
     * @return this
     */
    public Builder mask(Optional<Mask> classification) {
      this.mask = classification;
      return this;
    }

    /**
     * Sets whether pixels with a band's nodata value count as missing; default: no.
     *
     * @param byValue whether they do
     * @return this
     */
    public Builder nodataByValue(boolean byValue) {
      this.nodataByValue = byValue;
      return this;
    }

    /**
     * Sets the evidence of an offset in stored values; default: none.
     *
     * @param evidence from the metadata
     * @return this
     */
    public Builder storedOffset(StoredOffset evidence) {
      this.storedOffset = evidence;
      return this;
    }

    /**
     * Sets whether the ground sample distance applies even if the file has another pixel size;
     * default: no.
     *
     * @param byName whether it does
     * @return this
     */
    public Builder gsdByName(boolean byName) {
      this.gsdByName = byName;
      return this;
    }

    /**
     * Sets the decisions about the scene.
     *
     * @param byName text by name, for the footer
     * @return this builder
     */
    public Builder decisions(Map<String, String> byName) {
      this.decisions = byName;
      return this;
    }

    /**
     * Builds the scene.
     *
     * @return the scene
     * @throws NullPointerException if id, time or bands are not set
     */
    public Scene build() {
      return new Scene(
          sceneKey,
          uri,
          itemId,
          datetime,
          gsd,
          bands,
          pixelType,
          mask,
          nodataByValue,
          storedOffset,
          gsdByName,
          grid,
          pieces,
          decisions);
    }
  }
}

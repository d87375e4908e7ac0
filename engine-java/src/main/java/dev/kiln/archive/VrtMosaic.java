package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.w3c.dom.Element;

/**
 * The parts of files that a virtual raster consists of, as {@code gdalbuildvrt} writes them: each
 * at the resolution of the raster, and with all of its bands.
 */
final class VrtMosaic {
  private static final int MOST_PIECES = 4096;

  /** Positions that differ from whole pixels by less are rounded. */
  private static final double SAME_PIXEL = 0.01;

  private final VrtElements elements;
  private final int width;
  private final int height;
  private final Files files;

  /** Finds the file of a source. */
  interface Files {
    /** Returns the file. */
    ObjectRef of(Element source) throws SceneException;
  }

  VrtMosaic(VrtElements elements, int width, int height, Files files) {
    this.elements = elements;
    this.width = width;
    this.height = height;
    this.files = files;
  }

  /**
   * Returns the parts in the order in which they cover each other.
   *
   * @param sources of each band
   * @throws SceneException permanent if bands have other parts than others, or parts are resampled
   */
  List<MosaicPiece> pieces(List<List<Element>> sources) throws SceneException {
    List<Element> first = sources.get(0);
    if (first.size() > MOST_PIECES) {
      throw elements.unsupported("a mosaic of more than %d parts".formatted(MOST_PIECES));
    }
    List<MosaicPiece> pieces = new ArrayList<>();
    for (Element source : first) {
      pieces.add(piece(source));
    }
    for (List<Element> band : sources) {
      if (band.size() != first.size()) {
        throw elements.unsupported(
            "bands of %d and of %d sources".formatted(first.size(), band.size()));
      }
      int index = sourceBand(elements, band.get(0));
      for (int i = 0; i < band.size(); i++) {
        if (sourceBand(elements, band.get(i)) != index) {
          throw elements.unsupported(
              "bands %d and %d of files in one band"
                  .formatted(index, sourceBand(elements, band.get(i))));
        }
        if (!piece(band.get(i)).equals(pieces.get(i))) {
          throw elements.unsupported("bands with different sources, or values without data");
        }
      }
    }
    return pieces;
  }

  /** Returns the band of its file that a source is. */
  static int sourceBand(VrtElements elements, Element source) throws SceneException {
    String band = VrtElements.child(source, "SourceBand").map(VrtElements::text).orElse("1");
    if (!band.matches("[1-9][0-9]{0,3}")) {
      throw elements.unsupported("source band " + VrtElements.shown(band));
    }
    return Integer.parseInt(band);
  }

  private MosaicPiece piece(Element source) throws SceneException {
    Optional<Element> window = VrtElements.child(source, "SrcRect");
    Optional<Element> target = VrtElements.child(source, "DstRect");
    if (window.isEmpty() || target.isEmpty()) {
      throw elements.unsupported("a source without SrcRect and DstRect");
    }
    int[] from = whole(elements.rectangle(window.get()));
    int[] to = whole(elements.rectangle(target.get()));
    if (from[2] != to[2] || from[3] != to[3]) {
      throw elements.unsupported(
          "a source of %d × %d px on %d × %d px".formatted(from[2], from[3], to[2], to[3]));
    }
    if ((long) to[0] + to[2] > width || (long) to[1] + to[3] > height) {
      throw elements.unsupported("a source that extends beyond the raster");
    }
    OptionalDouble nodata = elements.number(source, "NODATA");
    boolean masked =
        VrtElements.child(source, "UseMaskBand")
            .map(VrtElements::text)
            .filter(text -> text.equalsIgnoreCase("true") || text.equals("1"))
            .isPresent();
    return new MosaicPiece(
        files.of(source), from[0], from[1], from[2], from[3], to[0], to[1], masked, nodata);
  }

  /** Returns a rectangle in whole pixels. */
  private int[] whole(double[] rectangle) throws SceneException {
    int[] pixels = new int[4];
    for (int i = 0; i < 4; i++) {
      double rounded = Math.rint(rectangle[i]);
      if (Math.abs(rounded - rectangle[i]) > SAME_PIXEL) {
        throw elements.unsupported("a source between the pixels of the raster");
      }
      if (rounded < (i < 2 ? 0 : 1) || rounded > Integer.MAX_VALUE) {
        throw elements.unsupported("a source that extends beyond the raster, or is empty");
      }
      pixels[i] = (int) rounded;
    }
    return pixels;
  }
}

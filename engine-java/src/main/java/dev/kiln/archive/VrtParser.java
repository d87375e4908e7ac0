package dev.kiln.archive;

import dev.kiln.error.SceneException;
import dev.kiln.io.UntrustedXml;
import dev.kiln.type.PixelType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import javax.xml.parsers.DocumentBuilder;
import org.w3c.dom.Element;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Parser of virtual rasters. They are untrusted: what is not known to leave pixels as they are is
 * refused.
 */
final class VrtParser {
  private static final int MOST_BANDS = 1024;

  /** Parts of a source that do not change pixels. */
  private static final Set<String> PLAIN =
      Set.of(
          "SourceFilename",
          "SourceBand",
          "SourceProperties",
          "SrcRect",
          "DstRect",
          "NODATA",
          "UseMaskBand");

  /** Throws errors and prints nothing. */
  private static final class Quiet implements ErrorHandler {
    @Override
    public void warning(SAXParseException e) {
      // Such as an unusual encoding.
    }

    @Override
    public void error(SAXParseException e) throws SAXException {
      throw e;
    }

    @Override
    public void fatalError(SAXParseException e) throws SAXException {
      throw e;
    }
  }

  private final String key;
  private final VrtElements elements;
  private int width;
  private int height;

  VrtParser(String key) {
    this.key = key;
    this.elements = new VrtElements(key);
  }

  VrtFile parse(byte[] xml) throws SceneException {
    Element root = root(xml);
    if (!root.getTagName().equals("VRTDataset")) {
      throw SceneException.permanent(
          key,
          "expected a VRT with the element VRTDataset, found "
              + VrtElements.shown(root.getTagName()));
    }
    if (!root.getAttribute("subClass").isEmpty()) {
      throw elements.unsupported(VrtElements.shown(root.getAttribute("subClass")));
    }
    if (VrtElements.child(root, "GCPList").isPresent()) {
      throw SceneException.permanent(
          key, "expected a geotransform, found ground control points: rectify with gdalwarp");
    }
    width = elements.size(root.getAttribute("rasterXSize"), "rasterXSize");
    height = elements.size(root.getAttribute("rasterYSize"), "rasterYSize");
    List<Element> bands = VrtElements.children(root, "VRTRasterBand");
    if (bands.isEmpty() || bands.size() > MOST_BANDS) {
      throw SceneException.permanent(
          key, "expected 1 to %d bands, found %d".formatted(MOST_BANDS, bands.size()));
    }
    List<List<Element>> sources = new ArrayList<>();
    for (Element band : bands) {
      sources.add(sources(band));
    }
    Optional<double[]> geotransform = geotransform(root);
    boolean mosaic = false;
    for (int b = 0; b < bands.size(); b++) {
      List<Element> ofBand = sources.get(b);
      mosaic |=
          ofBand.size() > 1
              || !isWhole(ofBand.get(0))
              || replacesNodata(bands.get(b), ofBand.get(0));
    }
    List<MosaicPiece> pieces = List.of();
    if (mosaic) {
      if (geotransform.isEmpty()) {
        throw elements.unsupported("a mosaic without geotransform");
      }
      pieces = new VrtMosaic(elements, width, height, this::file).pieces(sources);
    }
    List<VrtFile.VrtBand> described = new ArrayList<>();
    for (int b = 0; b < bands.size(); b++) {
      described.add(band(bands.get(b), sources.get(b).get(0), !mosaic));
    }
    requireMaskOfFiles(root, described, pieces);
    StatedGrid grid =
        new StatedGrid(
            width,
            height,
            geotransform,
            VrtElements.child(root, "SRS").map(VrtElements::text).orElse(""),
            types(bands));
    return new VrtFile(key, grid, described, pieces, datetime(root));
  }

  /** Returns the pixel types whose values all bands leave as they are. */
  private Set<PixelType> types(List<Element> bands) throws SceneException {
    Set<PixelType> types = EnumSet.allOf(PixelType.class);
    for (Element band : bands) {
      String name = band.getAttribute("dataType");
      types.retainAll(
          switch (name) {
            case "", "Byte" -> Set.of(PixelType.UINT8);
            case "UInt16" -> Set.of(PixelType.UINT8, PixelType.UINT16);
            case "Int16" -> Set.of(PixelType.UINT8, PixelType.INT16);
            case "Int32", "Int64" -> Set.of(PixelType.UINT8, PixelType.UINT16, PixelType.INT16);
            case "UInt32", "UInt64" -> Set.of(PixelType.UINT8, PixelType.UINT16);
            case "Float32", "Float64" -> EnumSet.allOf(PixelType.class);
            default -> throw elements.unsupported("pixels of type " + VrtElements.shown(name));
          });
    }
    return types;
  }

  private Element root(byte[] xml) throws SceneException {
    try {
      DocumentBuilder builder = UntrustedXml.documents();
      builder.setErrorHandler(new Quiet());
      return builder.parse(new ByteArrayInputStream(xml)).getDocumentElement();
    } catch (SAXException | IOException e) {
      throw SceneException.permanent(
          key, "not a VRT: " + VrtElements.shown(String.valueOf(e.getMessage())), e);
    }
  }

  /** Returns the sources of a band, at least one. */
  private List<Element> sources(Element band) throws SceneException {
    String kind = band.getAttribute("subClass");
    if (!kind.isEmpty() && !kind.equals("VRTSourcedRasterBand")) {
      throw elements.unsupported(VrtElements.shown(kind));
    }
    List<Element> sources = new ArrayList<>();
    for (Element part : VrtElements.children(band)) {
      if (part.getTagName().endsWith("Source")) {
        requirePlain(part);
        sources.add(part);
      }
      if (part.getTagName().equals("MaskBand")) {
        throw elements.unsupported("a mask of one band");
      }
    }
    if (sources.isEmpty()) {
      throw elements.unsupported("a band without sources");
    }
    return sources;
  }

  /** Returns whether pixels without data have another value in the raster than in the file. */
  private boolean replacesNodata(Element band, Element source) throws SceneException {
    OptionalDouble here = elements.number(band, "NoDataValue");
    OptionalDouble there = elements.number(source, "NODATA");
    return here.isPresent() && there.isPresent() && !here.equals(there);
  }

  /** Returns what a band states about its values; empty if nothing. */
  private Optional<StatedScale> scale(Element band) throws SceneException {
    double factor = elements.number(band, "Scale").orElse(1);
    double summand = elements.number(band, "Offset").orElse(0);
    return factor == 0 || Double.isNaN(factor + summand) || factor == 1 && summand == 0
        ? Optional.empty()
        : Optional.of(new StatedScale(factor, summand));
  }

  private void requireUnsigned(Element band) throws SceneException {
    for (Element metadata : VrtElements.children(band, "Metadata")) {
      for (Element item : VrtElements.children(metadata, "MDI")) {
        if (VrtElements.text(item).equals("SIGNEDBYTE")) {
          throw elements.unsupported("signed bytes");
        }
      }
    }
  }

  private VrtFile.VrtBand band(Element band, Element source, boolean whole) throws SceneException {
    if (whole) {
      requireNearest(source);
    }
    requireUnsigned(band);
    OptionalDouble nodata = elements.number(band, "NoDataValue");
    String colour =
        VrtElements.child(band, "ColorInterp")
            .map(VrtElements::text)
            .orElse("")
            .toLowerCase(Locale.ROOT);
    return new VrtFile.VrtBand(
        file(source),
        VrtMosaic.sourceBand(elements, source),
        VrtElements.child(band, "Description").map(VrtElements::text).orElse(""),
        colour.equals("undefined") ? "" : colour,
        nodata.isPresent() ? nodata : elements.number(source, "NODATA"),
        scale(band),
        VrtElements.child(band, "UnitType").map(VrtElements::text).orElse(""));
  }

  /** Checks that a source is a file whose values are left as they are. */
  private void requirePlain(Element source) throws SceneException {
    if (!Set.of("SimpleSource", "ComplexSource").contains(source.getTagName())) {
      throw elements.unsupported(VrtElements.shown(source.getTagName()));
    }
    for (Element part : VrtElements.children(source)) {
      String text = VrtElements.text(part);
      boolean identity =
          part.getTagName().equals("ScaleOffset") && text.matches("[+-]?0*\\.?0*")
              || part.getTagName().equals("ScaleRatio") && text.matches("[+]?0*1(\\.0*)?");
      if (!PLAIN.contains(part.getTagName()) && !identity) {
        throw elements.unsupported(VrtElements.shown(part.getTagName()));
      }
    }
  }

  /** Returns whether a source is a whole file that is placed on the whole raster. */
  private boolean isWhole(Element source) throws SceneException {
    Optional<Element> target = VrtElements.child(source, "DstRect");
    if (target.isPresent()
        && !Arrays.equals(elements.rectangle(target.get()), new double[] {0, 0, width, height})) {
      return false;
    }
    Optional<Element> window = VrtElements.child(source, "SrcRect");
    if (window.isEmpty()) {
      return true;
    }
    double[] read = elements.rectangle(window.get());
    Optional<Element> properties = VrtElements.child(source, "SourceProperties");
    return read[0] == 0
        && read[1] == 0
        && (properties.isEmpty()
            || isSize(properties.get(), "RasterXSize", read[2])
                && isSize(properties.get(), "RasterYSize", read[3]));
  }

  private void requireNearest(Element source) throws SceneException {
    String resampling = source.getAttribute("resampling").toLowerCase(Locale.ROOT);
    Optional<Element> window = VrtElements.child(source, "SrcRect");
    if (window.isPresent() && !Set.of("", "near", "nearest").contains(resampling)) {
      double[] read = elements.rectangle(window.get());
      if (read[2] != width || read[3] != height) {
        throw elements.unsupported("resampling " + VrtElements.shown(resampling));
      }
    }
  }

  private static boolean isSize(Element properties, String name, double size) {
    String stated = properties.getAttribute(name);
    return stated.isEmpty() || stated.equals(Integer.toString((int) size));
  }

  private ObjectRef file(Element source) throws SceneException {
    String name = VrtElements.child(source, "SourceFilename").map(VrtElements::text).orElse("");
    if (name.isEmpty() || name.startsWith("/vsi") || name.contains(":") || name.startsWith("<")) {
      throw SceneException.permanent(
          key,
          "source of the VRT: expected the path of a GeoTIFF, found '%s'"
              .formatted(VrtElements.shown(name)));
    }
    // A path, and not a part of a URL.
    return ObjectRef.resolve(key, name.replace("%", "%25"));
  }

  /** Masks are read with their files; that of another file would be ignored. */
  private void requireMaskOfFiles(
      Element root, List<VrtFile.VrtBand> bands, List<MosaicPiece> pieces) throws SceneException {
    Set<String> files = new HashSet<>();
    bands.forEach(band -> files.add(band.object().name()));
    pieces.forEach(piece -> files.add(piece.object().name()));
    for (Element mask : VrtElements.children(root, "MaskBand")) {
      for (Element band : VrtElements.children(mask, "VRTRasterBand")) {
        for (Element source : VrtElements.children(band)) {
          if (source.getTagName().endsWith("Source")
              && !(VrtElements.child(source, "SourceBand")
                      .map(VrtElements::text)
                      .orElse("")
                      .startsWith("mask")
                  && files.contains(file(source).name()))) {
            throw elements.unsupported("a mask that is not that of its files");
          }
        }
      }
    }
  }

  private Optional<double[]> geotransform(Element root) throws SceneException {
    Optional<Element> stated = VrtElements.child(root, "GeoTransform");
    if (stated.isEmpty()) {
      return Optional.empty();
    }
    String[] parts = VrtElements.text(stated.get()).split(",");
    if (parts.length != 6) {
      throw SceneException.permanent(
          key, "geotransform: expected 6 numbers, found %d".formatted(parts.length));
    }
    double[] found = new double[6];
    for (int i = 0; i < 6; i++) {
      found[i] = elements.number(parts[i], "geotransform");
    }
    if (found[1] <= 0 || found[2] != 0 || found[4] != 0 || found[5] >= 0) {
      throw elements.unsupported("a grid that is not north-up");
    }
    return Optional.of(found);
  }

  private Optional<String> datetime(Element root) {
    for (Element metadata : VrtElements.children(root, "Metadata")) {
      for (Element item : VrtElements.children(metadata, "MDI")) {
        if (item.getAttribute("key").equals("TIFFTAG_DATETIME")) {
          return Optional.of(VrtElements.text(item));
        }
      }
    }
    return Optional.empty();
  }
}

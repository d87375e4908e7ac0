package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * Parser of virtual rasters. They are untrusted: what is not known to leave pixels as they are is
 * refused.
 */
final class VrtParser {
  private static final int MOST_BANDS = 1024;
  private static final int MOST_SHOWN = 80;

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
  private int width;
  private int height;

  VrtParser(String key) {
    this.key = key;
  }

  VrtFile parse(byte[] xml) throws SceneException {
    Element root = root(xml);
    if (!root.getTagName().equals("VRTDataset")) {
      throw SceneException.permanent(
          key, "expected a VRT with the element VRTDataset, found " + shown(root.getTagName()));
    }
    if (!root.getAttribute("subClass").isEmpty()) {
      throw unsupported(shown(root.getAttribute("subClass")));
    }
    if (child(root, "GCPList").isPresent()) {
      throw SceneException.permanent(
          key, "expected a geotransform, found ground control points: rectify with gdalwarp");
    }
    width = size(root.getAttribute("rasterXSize"), "rasterXSize");
    height = size(root.getAttribute("rasterYSize"), "rasterYSize");
    List<VrtFile.VrtBand> bands = new ArrayList<>();
    for (Element band : children(root, "VRTRasterBand")) {
      bands.add(band(band));
    }
    if (bands.isEmpty() || bands.size() > MOST_BANDS) {
      throw SceneException.permanent(
          key, "expected 1 to %d bands, found %d".formatted(MOST_BANDS, bands.size()));
    }
    requireMaskOfFiles(root, bands);
    StatedGrid grid =
        new StatedGrid(
            width, height, geotransform(root), child(root, "SRS").map(VrtParser::text).orElse(""));
    return new VrtFile(key, grid, bands, datetime(root));
  }

  private Element root(byte[] xml) throws SceneException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setXIncludeAware(false);
      factory.setExpandEntityReferences(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      builder.setErrorHandler(new Quiet());
      return builder.parse(new ByteArrayInputStream(xml)).getDocumentElement();
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("the XML parser cannot be made safe", e);
    } catch (SAXException | IOException e) {
      throw SceneException.permanent(key, "not a VRT: " + shown(String.valueOf(e.getMessage())), e);
    }
  }

  private VrtFile.VrtBand band(Element band) throws SceneException {
    String kind = band.getAttribute("subClass");
    if (!kind.isEmpty() && !kind.equals("VRTSourcedRasterBand")) {
      throw unsupported(shown(kind));
    }
    List<Element> sources = new ArrayList<>();
    for (Element part : children(band)) {
      if (part.getTagName().endsWith("Source")) {
        sources.add(part);
      }
      if (part.getTagName().equals("MaskBand")) {
        throw unsupported("a mask of one band");
      }
    }
    if (sources.size() != 1) {
      throw unsupported("a band of %d sources".formatted(sources.size()));
    }
    Element source = sources.get(0);
    requirePlain(source);
    OptionalDouble nodata = number(band, "NoDataValue");
    String colour =
        child(band, "ColorInterp").map(VrtParser::text).orElse("").toLowerCase(Locale.ROOT);
    return new VrtFile.VrtBand(
        file(source),
        sourceBand(source),
        child(band, "Description").map(VrtParser::text).orElse(""),
        colour.equals("undefined") ? "" : colour,
        nodata.isPresent() ? nodata : number(source, "NODATA"));
  }

  /** Checks that a source is a whole file, placed on the whole raster as it is. */
  private void requirePlain(Element source) throws SceneException {
    if (!Set.of("SimpleSource", "ComplexSource").contains(source.getTagName())) {
      throw unsupported(shown(source.getTagName()));
    }
    for (Element part : children(source)) {
      boolean identity =
          part.getTagName().equals("ScaleOffset") && text(part).matches("[+-]?0*\\.?0*")
              || part.getTagName().equals("ScaleRatio") && text(part).matches("[+]?0*1(\\.0*)?");
      if (!PLAIN.contains(part.getTagName()) && !identity) {
        throw unsupported(shown(part.getTagName()));
      }
    }
    Optional<Element> target = child(source, "DstRect");
    if (target.isPresent()
        && !Arrays.equals(rectangle(target.get()), new double[] {0, 0, width, height})) {
      throw unsupported("a source that covers a part of the raster");
    }
    Optional<Element> window = child(source, "SrcRect");
    if (window.isEmpty()) {
      return;
    }
    double[] read = rectangle(window.get());
    Optional<Element> properties = child(source, "SourceProperties");
    boolean whole =
        read[0] == 0
            && read[1] == 0
            && (properties.isEmpty()
                || isSize(properties.get(), "RasterXSize", read[2])
                    && isSize(properties.get(), "RasterYSize", read[3]));
    if (!whole) {
      throw unsupported("a part of a source");
    }
    String resampling = source.getAttribute("resampling").toLowerCase(Locale.ROOT);
    if ((read[2] != width || read[3] != height)
        && !Set.of("", "near", "nearest").contains(resampling)) {
      throw unsupported("resampling " + shown(resampling));
    }
  }

  private static boolean isSize(Element properties, String name, double size) {
    String stated = properties.getAttribute(name);
    return stated.isEmpty() || stated.equals(Integer.toString((int) size));
  }

  private ObjectRef file(Element source) throws SceneException {
    String name = child(source, "SourceFilename").map(VrtParser::text).orElse("");
    if (name.isEmpty() || name.startsWith("/vsi") || name.contains(":") || name.startsWith("<")) {
      throw SceneException.permanent(
          key,
          "source of the VRT: expected the path of a GeoTIFF, found '%s'".formatted(shown(name)));
    }
    // A path, and not a part of a URL.
    return ObjectRef.resolve(key, name.replace("%", "%25"));
  }

  private int sourceBand(Element source) throws SceneException {
    String band = child(source, "SourceBand").map(VrtParser::text).orElse("1");
    if (!band.matches("[1-9][0-9]{0,3}")) {
      throw unsupported("source band " + shown(band));
    }
    return Integer.parseInt(band);
  }

  /** Masks are read with their files; that of another file would be ignored. */
  private void requireMaskOfFiles(Element root, List<VrtFile.VrtBand> bands) throws SceneException {
    Set<String> files = new HashSet<>();
    bands.forEach(band -> files.add(band.object().name()));
    for (Element mask : children(root, "MaskBand")) {
      for (Element band : children(mask, "VRTRasterBand")) {
        for (Element source : children(band)) {
          if (source.getTagName().endsWith("Source")
              && !(child(source, "SourceBand").map(VrtParser::text).orElse("").startsWith("mask")
                  && files.contains(file(source).name()))) {
            throw unsupported("a mask that is not that of its files");
          }
        }
      }
    }
  }

  private Optional<double[]> geotransform(Element root) throws SceneException {
    Optional<Element> stated = child(root, "GeoTransform");
    if (stated.isEmpty()) {
      return Optional.empty();
    }
    String[] parts = text(stated.get()).split(",");
    if (parts.length != 6) {
      throw SceneException.permanent(
          key, "geotransform: expected 6 numbers, found %d".formatted(parts.length));
    }
    double[] found = new double[6];
    for (int i = 0; i < 6; i++) {
      found[i] = number(parts[i], "geotransform");
    }
    if (found[1] <= 0 || found[2] != 0 || found[4] != 0 || found[5] >= 0) {
      throw unsupported("a grid that is not north-up");
    }
    return Optional.of(found);
  }

  private Optional<String> datetime(Element root) {
    for (Element metadata : children(root, "Metadata")) {
      for (Element item : children(metadata, "MDI")) {
        if (item.getAttribute("key").equals("TIFFTAG_DATETIME")) {
          return Optional.of(text(item));
        }
      }
    }
    return Optional.empty();
  }

  // Values.

  private int size(String text, String name) throws SceneException {
    if (!text.strip().matches("[1-9][0-9]{0,8}")) {
      throw SceneException.permanent(
          key, "%s: expected a size in pixels, found '%s'".formatted(name, shown(text)));
    }
    return Integer.parseInt(text.strip());
  }

  private double[] rectangle(Element element) throws SceneException {
    double[] values = new double[4];
    String[] names = {"xOff", "yOff", "xSize", "ySize"};
    for (int i = 0; i < 4; i++) {
      values[i] = number(element.getAttribute(names[i]), names[i]);
    }
    return values;
  }

  private OptionalDouble number(Element parent, String name) throws SceneException {
    Optional<Element> element = child(parent, name);
    if (element.isEmpty()) {
      return OptionalDouble.empty();
    }
    String text = text(element.get());
    return text.equalsIgnoreCase("nan")
        ? OptionalDouble.of(Double.NaN)
        : OptionalDouble.of(number(text, name));
  }

  private double number(String text, String name) throws SceneException {
    try {
      double value = Double.parseDouble(text.strip());
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw SceneException.permanent(
        key, "%s: expected a number, found '%s'".formatted(name, shown(text)));
  }

  private SceneException unsupported(String found) {
    return SceneException.permanent(
        key,
        "expected a VRT whose bands are whole files on one grid, found "
            + found
            + ": embed its files, or convert it with gdal_translate");
  }

  private static String shown(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > MOST_SHOWN ? line.substring(0, MOST_SHOWN) + "…" : line;
  }

  // Elements.

  private static String text(Element element) {
    return element.getTextContent().strip();
  }

  private static Optional<Element> child(Element parent, String name) {
    return children(parent, name).stream().findFirst();
  }

  private static List<Element> children(Element parent, String name) {
    return children(parent).stream().filter(child -> child.getTagName().equals(name)).toList();
  }

  private static List<Element> children(Element parent) {
    List<Element> children = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }
}

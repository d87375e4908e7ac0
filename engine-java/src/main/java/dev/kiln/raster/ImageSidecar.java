package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.io.UntrustedXml;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Supplier;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What files beside an image state about it: GDAL's {@code .aux.xml}, and a world file.
 *
 * @param key of the {@code .aux.xml}, for messages
 * @param geotransform GDAL's six coefficients
 * @param crs coordinate reference system as WKT
 * @param controlPoints whether it has ground control points
 * @param bands what it states about bands, by their number from 1
 * @param worldFile finds the name of a world file beside the image
 */
public record ImageSidecar(
    String key,
    Optional<double[]> geotransform,
    Optional<String> crs,
    boolean controlPoints,
    Map<Integer, Band> bands,
    Supplier<Optional<String>> worldFile) {
  /** Nothing is beside the image. */
  public static final ImageSidecar NONE = none(Optional::empty);

  /**
   * What is stated about a band.
   *
   * @param nodata value that means "no data"
   * @param scale scale of stored values
   * @param offset offset of scaled values
   * @param unit unit of values; may be empty
   * @param name description of the band; may be empty
   * @param colour its colour in lower case; may be empty
   * @param signed whether bytes are signed
   */
  public record Band(
      OptionalDouble nodata,
      OptionalDouble scale,
      OptionalDouble offset,
      String unit,
      String name,
      String colour,
      boolean signed) {
    static final Band NONE =
        new Band(
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            "",
            "",
            "",
            false);
  }

  /** Copies the bands. */
  public ImageSidecar {
    bands = Map.copyOf(bands);
  }

  /**
   * Returns the sidecar of an image without {@code .aux.xml}.
   *
   * @param worldFile finds the name of a world file beside the image
   */
  public static ImageSidecar none(Supplier<Optional<String>> worldFile) {
    return new ImageSidecar("", Optional.empty(), Optional.empty(), false, Map.of(), worldFile);
  }

  /** Returns what is stated about a band, counted from 1. */
  Band band(int number) {
    return bands.getOrDefault(number, Band.NONE);
  }

  /** Returns the name of the file without its directory, for messages. */
  String name() {
    return key.substring(key.lastIndexOf('/') + 1);
  }

  /**
   * Reads an {@code .aux.xml}.
   *
   * @param key of the file
   * @param xml its content
   * @param worldFile finds the name of a world file beside the image
   * @throws SceneException permanent if it is not GDAL's XML, or states numbers that are none
   */
  public static ImageSidecar read(String key, byte[] xml, Supplier<Optional<String>> worldFile)
      throws SceneException {
    try {
      return new Parser(key)
          .parse(
              UntrustedXml.factory().createXMLStreamReader(new StringReader(text(xml))), worldFile);
    } catch (XMLStreamException e) {
      throw unusable(key, "damaged XML");
    }
  }

  /** Decodes a text: UTF-16 by its byte order mark, UTF-8, or else Latin-1. */
  private static String text(byte[] xml) {
    int mark = xml.length < 2 ? 0 : (xml[0] & 0xFF) << 8 | xml[1] & 0xFF;
    boolean marked = mark == 0xFEFF || mark == 0xFFFE;
    try {
      String text =
          (marked ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8)
              .newDecoder()
              .decode(ByteBuffer.wrap(xml))
              .toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      return new String(xml, StandardCharsets.ISO_8859_1);
    }
  }

  private static SceneException unusable(String key, String found) {
    return SceneException.permanent(
        key,
        "expected GDAL's description of the image, found %s: write or delete it".formatted(found));
  }

  /** Reads the elements of one file. */
  private static final class Parser {
    /** Elements of a band that are read. */
    private static final Set<String> OF_BAND =
        Set.of("NoDataValue", "Scale", "Offset", "UnitType", "Description", "ColorInterp");

    private static final String PIXEL_TYPE = "PIXELTYPE";

    private final String key;
    private final Map<Integer, Map<String, String>> texts = new HashMap<>();
    private final List<String> path = new ArrayList<>();
    private Optional<double[]> geotransform = Optional.empty();
    private Optional<String> crs = Optional.empty();
    private boolean controlPoints;
    private int band;
    private String item = "";

    Parser(String key) {
      this.key = key;
    }

    ImageSidecar parse(XMLStreamReader reader, Supplier<Optional<String>> worldFile)
        throws XMLStreamException, SceneException {
      StringBuilder text = new StringBuilder();
      while (reader.hasNext()) {
        switch (reader.next()) {
          case XMLStreamConstants.START_ELEMENT -> {
            path.add(reader.getLocalName());
            text.setLength(0);
            start(reader);
          }
          case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA ->
              text.append(reader.getText());
          case XMLStreamConstants.END_ELEMENT -> {
            end(text.toString().strip());
            item = "";
            text.setLength(0);
            path.remove(path.size() - 1);
          }
          default -> {
            // Comments and the like state nothing.
          }
        }
      }
      Map<Integer, Band> bands = new HashMap<>();
      for (Map.Entry<Integer, Map<String, String>> entry : texts.entrySet()) {
        bands.put(entry.getKey(), band(entry.getValue()));
      }
      return new ImageSidecar(key, geotransform, crs, controlPoints, bands, worldFile);
    }

    private void start(XMLStreamReader reader) throws SceneException {
      String name = path.get(path.size() - 1);
      if (path.size() == 1 && !name.equals("PAMDataset")) {
        throw unusable(key, "XML of another kind");
      }
      if (path.size() == 2 && name.equals("PAMRasterBand")) {
        String number = String.valueOf(reader.getAttributeValue(null, "band"));
        if (!number.matches("[1-9][0-9]{0,3}")) {
          throw unusable(key, "a band without a number");
        }
        band = Integer.parseInt(number);
      }
      item = name.equals("MDI") ? String.valueOf(reader.getAttributeValue(null, "key")) : "";
      controlPoints |= path.size() == 3 && path.get(1).equals("GCPList") && name.equals("GCP");
    }

    private void end(String text) throws SceneException {
      String name = path.get(path.size() - 1);
      if (path.size() == 2 && name.equals("GeoTransform")) {
        geotransform = Optional.of(coefficients(text));
      } else if (path.size() == 2 && name.equals("SRS") && !text.isEmpty()) {
        crs = Optional.of(text);
      } else if (path.size() >= 3 && path.get(1).equals("PAMRasterBand")) {
        if (path.size() == 3 && OF_BAND.contains(name)) {
          texts.computeIfAbsent(band, unseen -> new HashMap<>()).put(name, text);
        } else if (item.equals(PIXEL_TYPE)) {
          texts.computeIfAbsent(band, unseen -> new HashMap<>()).put(PIXEL_TYPE, text);
        }
      }
    }

    private double[] coefficients(String text) throws SceneException {
      String[] parts = text.split(",");
      double[] numbers = new double[parts.length];
      for (int i = 0; i < parts.length; i++) {
        numbers[i] = number("GeoTransform", parts[i]);
      }
      if (numbers.length != 6) {
        throw unusable(key, "a GeoTransform of %d numbers".formatted(numbers.length));
      }
      return numbers;
    }

    private Band band(Map<String, String> stated) throws SceneException {
      return new Band(
          optional("NoDataValue", stated),
          optional("Scale", stated),
          optional("Offset", stated),
          stated.getOrDefault("UnitType", ""),
          stated.getOrDefault("Description", ""),
          stated.getOrDefault("ColorInterp", "").toLowerCase(Locale.ROOT),
          stated.getOrDefault(PIXEL_TYPE, "").equals("SIGNEDBYTE"));
    }

    private OptionalDouble optional(String name, Map<String, String> stated) throws SceneException {
      String text = stated.getOrDefault(name, "");
      return text.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(number(name, text));
    }

    /** Parses a number as C does: {@code nan}, {@code -inf}, {@code 1.#QNAN}. */
    private double number(String name, String text) throws SceneException {
      String plain = text.strip().toLowerCase(Locale.ROOT);
      String value = plain.replaceFirst("^[-+]", "");
      if (value.startsWith("nan") || value.matches("1\\.#(qnan|ind|snan).*")) {
        return Double.NaN;
      }
      if (value.startsWith("inf") || value.startsWith("1.#inf")) {
        return plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      }
      try {
        return Double.parseDouble(plain);
      } catch (NumberFormatException e) {
        throw unusable(key, name + " that is not a number");
      }
    }
  }
}

package dev.kiln.raster;

import dev.kiln.error.SceneException;
import dev.kiln.io.UntrustedXml;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What a TIFF tells about its bands and its time, beside its pixels.
 *
 * @param names GDAL's description of each band; an empty text for a band without one
 * @param colours colour of each band in lower case, such as {@code red} or {@code alpha}; an empty
 *     text for a band without one
 * @param datetime text of the field DateTime, as written
 */
public record TiffDescription(List<String> names, List<String> colours, Optional<String> datetime) {
  private static final int PHOTOMETRIC = 262;
  private static final int BANDS = 277;
  private static final int DATETIME = 306;
  private static final int EXTRA_SAMPLES = 338;
  private static final int GDAL_METADATA = 42112;
  private static final int RGB = 2;
  private static final int MOST_BANDS = 1024;
  private static final int ASSOCIATED_ALPHA = 1;
  private static final int UNASSOCIATED_ALPHA = 2;

  /** Copies the lists. */
  public TiffDescription {
    names = List.copyOf(names);
    colours = List.copyOf(colours);
  }

  /**
   * Reads the description of a file's first image; requests only the bytes of its directories.
   *
   * @param key object key, for messages
   * @param size size of the object in bytes
   * @param bytes bytes of the object
   * @throws SceneException permanent if it is not a TIFF, or its first directory is corrupt
   */
  public static TiffDescription read(String key, long size, FileBytes bytes)
      throws SceneException, InterruptedException {
    return of(key, TiffDirectory.readAll(key, size, bytes).get(0));
  }

  /**
   * Returns this description with the names and colours of bands that a file beside the image
   * states.
   *
   * @param beside what it states
   */
  public TiffDescription with(ImageSidecar beside) {
    List<String> stated = new ArrayList<>(names);
    List<String> shown = new ArrayList<>(colours);
    for (int i = 0; i < names.size(); i++) {
      ImageSidecar.Band band = beside.band(i + 1);
      if (!band.name().isEmpty()) {
        stated.set(i, band.name());
      }
      if (!band.colour().isEmpty()) {
        shown.set(i, band.colour());
      }
    }
    return new TiffDescription(stated, shown, datetime);
  }

  /** Reads the description of an image. */
  static TiffDescription of(String key, TiffDirectory image) throws SceneException {
    long bands = image.number(BANDS, "number of bands", 1);
    if (bands < 1 || bands > MOST_BANDS) {
      throw SceneException.permanent(
          key, "corrupt TIFF: expected 1 to %d bands, found %d".formatted(MOST_BANDS, bands));
    }
    int count = (int) bands;
    List<String> names = new ArrayList<>(Collections.nCopies(count, ""));
    List<String> colours = new ArrayList<>(Collections.nCopies(count, ""));
    if (image.number(PHOTOMETRIC, "photometric interpretation", 1) == RGB && count >= 3) {
      colours.set(0, "red");
      colours.set(1, "green");
      colours.set(2, "blue");
    }
    if (image.has(EXTRA_SAMPLES)) {
      long[] extra = image.numbers(EXTRA_SAMPLES, "extra samples");
      for (int i = 0; i < extra.length && extra.length <= count; i++) {
        if (extra[i] == ASSOCIATED_ALPHA || extra[i] == UNASSOCIATED_ALPHA) {
          colours.set(count - extra.length + i, "alpha");
        }
      }
    }
    image.text(GDAL_METADATA).ifPresent(xml -> readItems(xml, names, colours));
    return new TiffDescription(
        names, colours, image.text(DATETIME).map(String::strip).filter(text -> !text.isEmpty()));
  }

  /** Reads descriptions and colours from GDAL's metadata; text that is not XML has none. */
  private static void readItems(String xml, List<String> names, List<String> colours) {
    try {
      XMLStreamReader reader = UntrustedXml.factory().createXMLStreamReader(new StringReader(xml));
      while (reader.hasNext()) {
        if (reader.next() == XMLStreamConstants.START_ELEMENT
            && reader.getLocalName().equals("Item")) {
          String role = String.valueOf(reader.getAttributeValue(null, "role"));
          int band = band(reader.getAttributeValue(null, "sample"));
          if (band >= 0 && band < names.size() && role.equals("description")) {
            names.set(band, unescape(reader.getElementText()).strip());
          } else if (band >= 0 && band < names.size() && role.equals("colorinterp")) {
            colours.set(band, reader.getElementText().strip().toLowerCase(Locale.ROOT));
          }
        }
      }
      reader.close();
    } catch (XMLStreamException e) {
      // As GDAL, uses what precedes the error.
      return;
    }
  }

  /** GDAL escapes the text of metadata twice. */
  private static String unescape(String text) {
    return text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
  }

  private static int band(String sample) {
    return sample != null && sample.matches("\\d{1,4}") ? Integer.parseInt(sample) : -1;
  }
}

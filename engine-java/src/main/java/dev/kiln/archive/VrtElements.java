package dev.kiln.archive;

import dev.kiln.error.SceneException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Values in the elements of a virtual raster. */
final class VrtElements {
  private static final int MOST_SHOWN = 80;

  private final String key;

  /**
   * Creates a reader.
   *
   * @param key of the raster, for messages
   */
  VrtElements(String key) {
    this.key = key;
  }

  /** Returns a size in pixels. */
  int size(String text, String name) throws SceneException {
    if (!text.strip().matches("[1-9][0-9]{0,8}")) {
      throw SceneException.permanent(
          key, "%s: expected a size in pixels, found '%s'".formatted(name, shown(text)));
    }
    return Integer.parseInt(text.strip());
  }

  /** Returns {@code xOff, yOff, xSize, ySize} of a rectangle. */
  double[] rectangle(Element element) throws SceneException {
    double[] values = new double[4];
    String[] names = {"xOff", "yOff", "xSize", "ySize"};
    for (int i = 0; i < 4; i++) {
      values[i] = number(element.getAttribute(names[i]), names[i]);
    }
    return values;
  }

  /** Returns the number in a child; empty if there is none. */
  OptionalDouble number(Element parent, String name) throws SceneException {
    Optional<Element> element = child(parent, name);
    if (element.isEmpty()) {
      return OptionalDouble.empty();
    }
    String text = text(element.get());
    return text.equalsIgnoreCase("nan")
        ? OptionalDouble.of(Double.NaN)
        : OptionalDouble.of(number(text, name));
  }

  /** Returns a finite number. */
  double number(String text, String name) throws SceneException {
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

  /** Returns an error for what Kiln does not support. */
  SceneException unsupported(String found) {
    return SceneException.permanent(
        key,
        "expected a VRT of files on one grid without resampling, found "
            + found
            + ": embed its files, or convert it with gdal_translate");
  }

  /** Returns a text for a message. */
  static String shown(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > MOST_SHOWN ? line.substring(0, MOST_SHOWN) + "…" : line;
  }

  /** Returns the text of an element. */
  static String text(Element element) {
    return element.getTextContent().strip();
  }

  /** Returns the first child of a name. */
  static Optional<Element> child(Element parent, String name) {
    return children(parent, name).stream().findFirst();
  }

  /** Returns the children of a name. */
  static List<Element> children(Element parent, String name) {
    return children(parent).stream().filter(child -> child.getTagName().equals(name)).toList();
  }

  /** Returns the child elements. */
  static List<Element> children(Element parent) {
    List<Element> children = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }
}

package dev.kiln.fetch;

import dev.kiln.io.UntrustedXml;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * One response to a list request.
 *
 * @param keys of objects
 * @param directories common prefixes, each with a slash at its end
 * @param next token of the next page; empty after the last
 */
record ListPage(List<String> keys, List<String> directories, Optional<String> next) {
  /**
   * Parses a response in XML.
   *
   * @param xml the response
   * @param key path of an object's key from the root element, such as {@code Contents/Key}
   * @param directory path of a common prefix
   * @param token path of the next page's token
   * @throws XMLStreamException if it is not such a response
   */
  static ListPage parse(byte[] xml, String key, String directory, String token)
      throws XMLStreamException {
    List<String> keys = new ArrayList<>();
    List<String> directories = new ArrayList<>();
    String next = "";
    XMLStreamReader reader =
        UntrustedXml.factory().createXMLStreamReader(new ByteArrayInputStream(xml));
    List<String> path = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    while (reader.hasNext()) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          path.add(reader.getLocalName());
          text.setLength(0);
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA ->
            text.append(reader.getText());
        case XMLStreamConstants.END_ELEMENT -> {
          String name = String.join("/", path.subList(1, path.size()));
          if (name.equals(key)) {
            keys.add(text.toString());
          } else if (name.equals(directory)) {
            directories.add(text.toString());
          } else if (name.equals(token)) {
            next = text.toString();
          }
          path.remove(path.size() - 1);
          text.setLength(0);
        }
        default -> {}
      }
    }
    return new ListPage(keys, directories, next.isEmpty() ? Optional.empty() : Optional.of(next));
  }
}

package dev.kiln.raster;

import javax.xml.stream.XMLInputFactory;

/** XML of files from outside: it names no other files, and is never anything but data. */
final class UntrustedXml {
  private UntrustedXml() {}

  /**
   * Returns a new factory of the JDK's parser. Other parsers that are on the class path report
   * errors as unchecked exceptions when text is asked for.
   */
  static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    return factory;
  }
}

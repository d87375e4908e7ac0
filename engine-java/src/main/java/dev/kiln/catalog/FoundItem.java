package dev.kiln.catalog;

import dev.kiln.archive.ImageFile;
import dev.kiln.archive.ItemLine;
import tools.jackson.databind.node.ObjectNode;

/**
 * An item of a catalogue.
 *
 * @param place where the item can be read: a whole URI, or a key relative to the catalogue's
 *     directory; empty if it has no location
 * @param isObject whether that is an object of a store, and not a resource of an API
 * @param json the item
 */
public record FoundItem(String place, boolean isObject, ObjectNode json) {
  /**
   * {@return the scene key of the item: its place, or its collection and id} Some APIs name items
   * after images, and the key of an image names a scene that is no item.
   */
  public String key() {
    return place.isEmpty() || ImageFile.isImage(place) ? ItemLine.keyById(json) : place;
  }
}

package dev.kiln.archive;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/** Objects in memory, by URI. */
final class MemoryObjects implements ObjectSource {
  private final Map<String, byte[]> objects = new TreeMap<>();

  MemoryObjects put(String uri, byte[] bytes) {
    objects.put(uri, bytes);
    return this;
  }

  MemoryObjects put(String uri, String text) {
    return put(uri, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public InputStream open(String uri) throws IOException {
    byte[] bytes = objects.get(uri);
    if (bytes == null) {
      throw new NoSuchFileException(uri);
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public List<String> list(String uri) {
    return objects.keySet().stream()
        .filter(name -> name.startsWith(uri))
        .map(name -> name.substring(uri.length()).split("/")[0])
        .distinct()
        .toList();
  }

  static byte[] gzip(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}

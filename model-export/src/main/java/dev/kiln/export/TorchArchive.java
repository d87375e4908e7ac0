package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A file of {@code torch.save}: a zip of {@code NAME/data.pkl}, which describes the values, and one
 * stored entry {@code NAME/data/KEY} per tensor storage. The zip's directory has the offset of
 * each, so storages are read only on request.
 */
final class TorchArchive implements AutoCloseable {
  private static final String PICKLE = "data.pkl";

  /** Real pickles are under a megabyte; limits what a damaged directory can allocate. */
  private static final long MAX_PICKLE_BYTES = 256L << 20;

  private final CheckpointFile file;
  private final ZipDirectory directory;
  private final ZipFile zip;
  private final String prefix;

  private TorchArchive(CheckpointFile file, ZipDirectory directory, ZipFile zip, String prefix) {
    this.file = file;
    this.directory = directory;
    this.zip = zip;
    this.prefix = prefix;
  }

  static TorchArchive open(CheckpointFile file) throws IOException {
    ZipDirectory directory = ZipDirectory.read(file);
    ZipFile zip = new ZipFile(file.path().toFile());
    try {
      String prefix =
          zip.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.equals(PICKLE) || name.endsWith("/" + PICKLE))
              .map(name -> name.substring(0, name.length() - PICKLE.length()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          "checkpoint %s: expected %s of torch.save in the zip, found none"
                              .formatted(file.name(), PICKLE)));
      TorchArchive archive = new TorchArchive(file, directory, zip, prefix);
      archive.requireLittleEndian();
      return archive;
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  /**
   * Returns the model's weights by name: {@link StoredTensor}s, or other values in their place.
   * They are the map {@code state_dict} of a Lightning checkpoint, or the file's only map.
   */
  Map<String, Object> stateDict() throws IOException {
    Object root = TorchPickle.read(new ByteArrayInputStream(pickle()));
    Object weights =
        root instanceof Map<?, ?> map && map.containsKey("state_dict")
            ? map.get("state_dict")
            : root;
    if (!(weights instanceof Map<?, ?> stateDict)) {
      throw new ConfigurationException(
          "checkpoint %s: expected a map of tensors, found %s"
              .formatted(file.name(), TorchPickle.describe(weights)));
    }
    Map<String, Object> tensors = new LinkedHashMap<>();
    stateDict.forEach(
        (name, value) ->
            tensors.put(
                (String) name,
                value instanceof TorchPickle.Tensor tensor
                    ? stored((String) name, tensor)
                    : value));
    return tensors;
  }

  private StoredTensor stored(String name, TorchPickle.Tensor tensor) {
    return new StoredTensor(
        name,
        tensor.shape(),
        tensor.strides(),
        tensor.storage().type(),
        tensor.offset(),
        new Entry(prefix + "data/" + tensor.storage().key()));
  }

  private byte[] pickle() throws IOException {
    ZipEntry entry = zip.getEntry(prefix + PICKLE);
    if (entry.getSize() > MAX_PICKLE_BYTES) {
      throw new IOException(entry.getName() + " claims " + entry.getSize() + " bytes");
    }
    file.fetch(List.of(directory.entries().get(entry.getName())));
    try (InputStream in = new VerifiedEntry(zip.getInputStream(entry), entry)) {
      return in.readNBytes((int) MAX_PICKLE_BYTES);
    }
  }

  private void requireLittleEndian() throws IOException {
    ZipEntry entry = zip.getEntry(prefix + "byteorder");
    if (entry != null) {
      file.fetch(List.of(directory.entries().get(entry.getName())));
      try (InputStream in = zip.getInputStream(entry)) {
        if (new String(in.readNBytes(8), StandardCharsets.US_ASCII).strip().equals("big")) {
          throw new ConfigurationException(
              "checkpoint %s: expected little-endian values, found big-endian ones; save it again on a little-endian machine"
                  .formatted(file.name()));
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }

  /** A storage that is an entry of the zip. */
  private final class Entry implements Storage {
    private final String name;

    Entry(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public long bytes() {
      ZipEntry entry = zip.getEntry(name);
      return entry == null ? 0 : entry.getSize();
    }

    @Override
    public ByteRange range() {
      return directory.entries().getOrDefault(name, new ByteRange(0, 0));
    }

    @Override
    public InputStream open(long offset) throws IOException {
      ZipEntry entry = zip.getEntry(name);
      if (entry == null) {
        throw new IOException(name + " is missing");
      }
      InputStream in = zip.getInputStream(entry);
      if (offset == 0) {
        return new VerifiedEntry(in, entry);
      }
      in.skipNBytes(offset);
      return in;
    }
  }

  /** Checks the checksum of an entry when it is closed, if it was read completely. */
  private static final class VerifiedEntry extends CheckedInputStream {
    private final ZipEntry entry;
    private long read;

    VerifiedEntry(InputStream in, ZipEntry entry) {
      super(in, new CRC32());
      this.entry = entry;
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      read += value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      read += Math.max(0, count);
      return count;
    }

    @Override
    public void close() throws IOException {
      super.close();
      if (read == entry.getSize() && getChecksum().getValue() != entry.getCrc()) {
        throw new IOException(
            "%s: expected checksum %08x, found %08x: the file is damaged or was saved without checksums"
                .formatted(entry.getName(), entry.getCrc(), getChecksum().getValue()));
      }
    }
  }
}

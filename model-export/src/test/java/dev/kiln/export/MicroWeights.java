package dev.kiln.export;

import dev.kiln.export.TorchPickler.Tensor;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** The micro encoder's weights, to be stored again in every way that a checkpoint may. */
final class MicroWeights {
  private final Map<String, Object> tensors = new LinkedHashMap<>();
  private final List<byte[]> storages = new ArrayList<>();

  /** The micro checkpoint among the test resources. */
  static Path file() {
    try {
      return Path.of(MicroWeights.class.getResource("/golden/micro/clay-micro.ckpt").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Map<String, List<Long>> shapes() {
    return EncoderTensors.shapes(Architecture.named("micro"));
  }

  /** Numbers of every tensor in row-major order. */
  static Map<String, float[]> values() {
    try (Checkpoint checkpoint = Checkpoint.open(file())) {
      Map<String, float[]> values = new LinkedHashMap<>();
      shapes().keySet().forEach(name -> values.put(name, checkpoint.read(name)));
      return values;
    }
  }

  /** All tensors, each in a storage of its own, under this prefix. */
  static MicroWeights whole(String prefix, DataType type) {
    MicroWeights weights = new MicroWeights();
    Map<String, List<Long>> shapes = shapes();
    values()
        .forEach(
            (name, values) ->
                weights.put(
                    prefix + name,
                    Tensor.whole(type, weights.store(type, values), shapes.get(name))));
    return weights;
  }

  /** All tensors as views of one storage. */
  static MicroWeights shared(DataType type) {
    MicroWeights weights = new MicroWeights();
    Map<String, float[]> values = values();
    int total = values.values().stream().mapToInt(v -> v.length).sum();
    float[] all = new float[total];
    int at = 0;
    for (float[] tensor : values.values()) {
      System.arraycopy(tensor, 0, all, at, tensor.length);
      at += tensor.length;
    }
    String key = weights.store(type, all);
    Map<String, List<Long>> shapes = shapes();
    long offset = 0;
    for (Map.Entry<String, float[]> entry : values.entrySet()) {
      List<Long> shape = shapes.get(entry.getKey());
      List<Long> strides = StoredTensor.contiguous(shape);
      weights.put(
          "model.encoder." + entry.getKey(), new Tensor(type, key, total, offset, shape, strides));
      offset += entry.getValue().length;
    }
    return weights;
  }

  /** All matrices stored column by column. */
  static MicroWeights transposed() {
    MicroWeights weights = whole("model.encoder.", DataType.FP32);
    Map<String, float[]> values = values();
    shapes()
        .forEach(
            (name, shape) -> {
              if (shape.size() == 2) {
                int rows = shape.get(0).intValue();
                int columns = shape.get(1).intValue();
                float[] turned = new float[rows * columns];
                for (int i = 0; i < turned.length; i++) {
                  turned[i % columns * rows + i / columns] = values.get(name)[i];
                }
                weights.put(
                    "model.encoder." + name,
                    new Tensor(
                        DataType.FP32,
                        weights.store(DataType.FP32, turned),
                        turned.length,
                        0,
                        shape,
                        List.of(1L, (long) rows)));
              }
            });
    return weights;
  }

  /** Adds a storage; gives its key. */
  String store(DataType type, float... values) {
    byte[] bytes = new byte[values.length * type.bytes()];
    for (int i = 0; i < values.length; i++) {
      type.encode(values[i], bytes, i * type.bytes());
    }
    storages.add(bytes);
    return Integer.toString(storages.size() - 1);
  }

  /** Puts any value under a name; null takes the name away. */
  MicroWeights put(String name, Object value) {
    if (value == null) {
      tensors.remove(name);
    } else {
      tensors.put(name, value);
    }
    return this;
  }

  /** Writes a plain state_dict as {@code torch.save} does. */
  Path write(Path file) throws IOException {
    return write(file, new TorchPickler.OrderedDict(tensors));
  }

  /** Writes a Lightning checkpoint with some more entries. */
  Path writeLightning(Path file, Map<String, Object> more) throws IOException {
    Map<String, Object> root = new LinkedHashMap<>(more);
    root.put("state_dict", new TorchPickler.OrderedDict(tensors));
    return write(file, root);
  }

  private Path write(Path file, Object root) throws IOException {
    return writeArchive(file, new TorchPickler().dumps(root), storages);
  }

  /** Writes a torch archive of a given pickle and storages; PyTorch does not compress either. */
  static Path writeArchive(Path file, byte[] pickle, List<byte[]> storages) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setLevel(Deflater.NO_COMPRESSION);
      putEntry(zip, "model/data.pkl", pickle);
      for (int i = 0; i < storages.size(); i++) {
        putEntry(zip, "model/data/" + i, storages.get(i));
      }
    }
    return file;
  }

  static void putEntry(ZipOutputStream zip, String name, byte[] content) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(content);
    zip.closeEntry();
  }

  /** Writes float32 safetensors. */
  static Path writeSafetensors(Path file) throws IOException {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    Map<String, List<Long>> shapes = shapes();
    for (Map.Entry<String, float[]> entry : values().entrySet()) {
      ByteBuffer bytes =
          ByteBuffer.allocate(entry.getValue().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(entry.getValue());
      header.append(
          ",\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(
                  entry.getKey(),
                  shapes.get(entry.getKey()),
                  data.size(),
                  data.size() + bytes.capacity()));
      data.write(bytes.array());
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .array());
      out.write(json);
      data.writeTo(out);
    }
    return file;
  }
}

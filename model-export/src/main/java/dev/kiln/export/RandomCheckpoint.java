package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.export.TorchPickler.OrderedDict;
import dev.kiln.export.TorchPickler.Tensor;
import dev.kiln.model.Architecture;
import dev.kiln.type.DataType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A checkpoint with random weights in the file format of PyTorch Lightning, for trying Kiln without
 * the released weights. Its embeddings are finite and differ between chips, but mean nothing. Like
 * a real checkpoint it also contains a decoder, a teacher and an optimizer.
 *
 * @param architecture dimensions of the encoder
 * @param type type of its weights
 * @param seed the same seed produces the same file
 * @param ballastBytes size of additional tensors in front of the encoder's; four fifths of a real
 *     checkpoint are such
 */
public record RandomCheckpoint(
    Architecture architecture, DataType type, long seed, long ballastBytes) {

  private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);
  private static final long BALLAST_SIDE = 4096;
  private static final float TOKEN_SPREAD = 0.02f;

  /** Gives pixels the same weight as positions, so that chips differ visibly. */
  private static final float PATCH_GAIN = 4;

  /**
   * Writes the checkpoint to a temporary file and renames it.
   *
   * @param file file to create or replace
   * @throws ConfigurationException if it cannot be written
   */
  public void write(Path file) {
    Path temporary = file.resolveSibling("." + file.getFileName() + ".part");
    try {
      try (ZipOutputStream zip =
          new ZipOutputStream(
              new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 20))) {
        zip.setMethod(ZipOutputStream.STORED);
        writeEntries(zip);
      }
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw new ConfigurationException("checkpoint %s: cannot write: %s".formatted(file, e), e);
    }
  }

  private void writeEntries(ZipOutputStream zip) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (long left = ballastBytes, i = 0; left > 0; i++) {
      long rows = Math.min(BALLAST_SIDE, left / Float.BYTES / BALLAST_SIDE + 1);
      add(tensors, "model.teacher.ballast." + i, DataType.FP32, List.of(rows, BALLAST_SIDE));
      left -= rows * BALLAST_SIDE * Float.BYTES;
    }
    EncoderTensors.shapes(architecture)
        .forEach((name, shape) -> add(tensors, "model.encoder." + name, type, shape));
    add(tensors, "model.decoder.mask_patch", DataType.FP32, List.of(16L));
    add(tensors, "model.teacher.cls_token", DataType.FP32, List.of(1L, 1L, 8L));
    add(tensors, "model.proj.weight", DataType.FP16, List.of(8L, 8L));
    Map<String, Object> stateDict = new LinkedHashMap<>(tensors);
    add(tensors, "best_model_score", DataType.FP32, List.of());
    add(tensors, "exp_avg", DataType.FP32, List.of(4L, 4L));

    Map<String, Object> root = lightning(stateDict, tensors);
    put(zip, "data.pkl", new TorchPickler().dumps(root));
    put(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      put(zip, "data/" + tensor.key(), values(entry.getKey(), tensor));
    }
    put(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static void add(
      Map<String, Tensor> tensors, String name, DataType type, List<Long> shape) {
    tensors.put(name, Tensor.whole(type, Integer.toString(tensors.size()), shape));
  }

  private Map<String, Object> lightning(
      Map<String, Object> stateDict, Map<String, Tensor> tensors) {
    Map<String, Object> bestModel = new LinkedHashMap<>();
    bestModel.put(
        "best_model_path",
        new TorchPickler.Call("pathlib", "PurePosixPath", List.of("checkpoints", "last.ckpt")));
    bestModel.put("best_model_score", tensors.get("best_model_score"));
    Map<String, Object> optimizer = new LinkedHashMap<>();
    optimizer.put("state", Map.of(0, Map.of("exp_avg", tensors.get("exp_avg"))));
    optimizer.put("param_groups", List.of(Map.of("lr", 5e-6)));
    Map<String, Object> hyperParameters = new LinkedHashMap<>();
    hyperParameters.put("model_size", architecture.name());
    hyperParameters.put("patch_size", Architecture.PATCH);

    Map<String, Object> root = new LinkedHashMap<>();
    root.put("epoch", 0);
    root.put("global_step", 0);
    root.put("pytorch-lightning_version", "2.1.4");
    root.put("state_dict", new OrderedDict(stateDict));
    root.put("callbacks", Map.of("ModelCheckpoint", bestModel));
    root.put("optimizer_states", List.of(optimizer));
    root.put("lr_schedulers", new ArrayList<>());
    root.put("hparams_name", "kwargs");
    root.put("hyper_parameters", hyperParameters);
    return root;
  }

  /**
   * Returns uniform values with the deviations of PyTorch's initialization: {@code (3·in)^-0.5} for
   * weights of a linear layer, identity for LayerNorm.
   */
  private byte[] values(String name, Tensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.elements() * tensor.type().bytes())];
    List<Long> shape = tensor.shape();
    boolean weight = name.endsWith("weight");
    if (weight && shape.size() == 1) {
      fill(bytes, tensor.type(), 1, 0, new SplittableRandom(seed));
      return bytes;
    }
    float range = TOKEN_SPREAD;
    if (weight && shape.size() == 2) {
      range = (float) (1 / Math.sqrt(shape.get(1)));
    }
    if (name.endsWith("fc_weight.weight")) {
      range *= PATCH_GAIN;
    }
    fill(bytes, tensor.type(), 0, range, new SplittableRandom(seed * 31 + name.hashCode()));
    return bytes;
  }

  private static void fill(
      byte[] bytes, DataType type, float center, float range, SplittableRandom random) {
    for (int at = 0; at < bytes.length; at += type.bytes()) {
      float value = center + range * (float) (2 * random.nextDouble() - 1);
      type.encode(value, bytes, at);
    }
  }

  private void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry("clay-%s/%s".formatted(architecture.name(), name));
    CRC32 checksum = new CRC32();
    checksum.update(content);
    entry.setTimeLocal(ENTRY_TIME);
    entry.setSize(content.length);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}

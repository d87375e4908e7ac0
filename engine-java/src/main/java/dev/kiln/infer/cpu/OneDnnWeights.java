package dev.kiln.infer.cpu;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.HostBuffer;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashMap;
import java.util.Map;

/**
 * Loads the tensors of a model. They are read, not mapped, because pages of a mapping would stay
 * resident beside the copy.
 */
final class OneDnnWeights extends OneDnnTensors {
  private final ModelDirectory model;
  private final Map<String, ModelDescription.Tensor> tensors = new HashMap<>();
  private final FileChannel channel;

  OneDnnWeights(ModelDirectory model, OneDnn dnn) {
    super(dnn, largest(model));
    this.model = model;
    for (ModelDescription.Tensor tensor : model.description().tensors()) {
      tensors.put(tensor.name(), tensor);
    }
    try {
      this.channel = FileChannel.open(model.weights());
    } catch (IOException e) {
      super.close();
      throw unreadable(e);
    }
  }

  private static long largest(ModelDirectory model) {
    return model.description().tensors().stream()
        .mapToLong(ModelDescription.Tensor::bytes)
        .max()
        .orElse(1);
  }

  @Override
  long[] shape(String name) {
    long[] shape = known(name).shape().stream().mapToLong(Long::longValue).toArray();
    // All operations but LayerNorm take a vector as a row.
    return shape.length == 1 && name.endsWith(".bias") && !name.contains("norm")
        ? new long[] {1, shape[0]}
        : shape;
  }

  private ModelDescription.Tensor known(String name) {
    ModelDescription.Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new ConfigurationException(
          "model %s: tensor %s: expected one, found none; export it again"
              .formatted(model.path(), name));
    }
    return tensor;
  }

  @Override
  ByteBuffer read(String name, HostBuffer staging) {
    ModelDescription.Tensor tensor = known(name);
    ByteBuffer bytes = staging.slice(0, Math.toIntExact(tensor.bytes()));
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, tensor.offset() + bytes.position()) < 0) {
          throw new IOException("unexpected end of file in tensor " + name);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return bytes.flip();
  }

  private ConfigurationException unreadable(IOException cause) {
    return new ConfigurationException(
        "model %s: cannot read %s: %s"
            .formatted(model.path(), model.weights().getFileName(), cause),
        cause);
  }

  @Override
  public void close() {
    super.close();
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }
}

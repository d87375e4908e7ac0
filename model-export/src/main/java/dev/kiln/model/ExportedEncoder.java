package dev.kiln.model;

import dev.kiln.error.ConfigurationException;
import dev.kiln.platform.Platform;
import java.nio.file.Path;

/**
 * The encoder of one platform and chip size within an exported model. Every implementation of an
 * encoder is opened from it.
 *
 * @param model the exported model
 * @param platform one of the model's platforms, with the model's band statistics
 * @param chipSize chip edge in pixels, a multiple of {@link Architecture#PATCH}
 */
public record ExportedEncoder(ModelDirectory model, Platform platform, int chipSize) {
  /**
   * Checks the chip size.
   *
   * @throws ConfigurationException if it is not a positive multiple of the patch size
   */
  public ExportedEncoder {
    if (chipSize < Architecture.PATCH || chipSize % Architecture.PATCH != 0) {
      throw new ConfigurationException(
          "model %s: expected a chip size that is a multiple of %d px, found %d; change --chip"
              .formatted(model.path(), Architecture.PATCH, chipSize));
    }
  }

  /** {@return the dimensions of the encoder} */
  public Architecture architecture() {
    return model.architecture();
  }

  /** {@return the number of patches along the edge of a chip} */
  public int patchesPerSide() {
    return chipSize / Architecture.PATCH;
  }

  /** {@return the number of patches in a chip: L} */
  public int patches() {
    return patchesPerSide() * patchesPerSide();
  }

  /** {@return the number of tokens of a chip: the class token and L patches} */
  public int tokens() {
    return 1 + patches();
  }

  /** {@return the number of values in the row of one patch: C·64} */
  public int rowLength() {
    return platform.bands().size() * Architecture.patchPixels();
  }

  /**
   * {@return the ONNX file that computes embeddings}
   *
   * @throws ConfigurationException if the model has none for this platform and chip size
   */
  public Path graph() {
    return model.graph(platform.name(), chipSize);
  }

  /**
   * {@return whether this encoder uses a tensor: all but other platforms' patch embeddings}
   *
   * @param tensor name of a tensor of the model
   */
  public boolean uses(String tensor) {
    return !tensor.startsWith("patch.") || tensor.startsWith("patch." + platform.name() + ".");
  }

  /** {@return the number of values in all tensors that this encoder uses} */
  public long weightValues() {
    return model.description().tensors().stream()
        .filter(tensor -> uses(tensor.name()))
        .mapToLong(ModelDescription.Tensor::size)
        .sum();
  }
}

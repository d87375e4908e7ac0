package dev.kiln.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Kiln's own device code: CUDA C++ that travels with this class. */
public enum DeviceCode {
  /** Raw pixels to patch rows. */
  PATCHES("patches", "kiln_patches_bf16", "kiln_patches_fp16", "kiln_patches_fp32"),

  /** The encoder's forward pass; takes the option {@code -DHEAD=n}, the numbers of one head. */
  ENCODER(
      "encoder",
      "kiln_product",
      "kiln_product_gelu",
      "kiln_product_add",
      "kiln_attention",
      "kiln_norm",
      "kiln_norm_wide",
      "kiln_tokens");

  private final String file;
  private final List<String> kernels;

  DeviceCode(String file, String... kernels) {
    this.file = file;
    this.kernels = List.of(kernels);
  }

  /** For errors and files. */
  public String title() {
    return file;
  }

  /** The kernels in it. */
  public List<String> kernels() {
    return kernels;
  }

  /** The whole source; it includes nothing. */
  public String source() {
    String resource = file + ".cu";
    try (InputStream in = DeviceCode.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not in this build of Kiln");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }
}

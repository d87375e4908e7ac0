package dev.kiln.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Kiln's device code: CUDA C++ sources, stored as resources of this package. */
public enum DeviceCode {
  /** Converts raw pixels to patch rows. */
  PATCHES("patches", "kiln_patches_bf16", "kiln_patches_fp16", "kiln_patches_fp32"),

  /** The encoder's forward pass; the attention kernel exists once for each head size. */
  ENCODER(
      "encoder",
      "kiln_product",
      "kiln_product_gelu",
      "kiln_product_add",
      "kiln_attention_16",
      "kiln_attention_32",
      "kiln_attention_48",
      "kiln_attention_64",
      "kiln_gelu",
      "kiln_norm",
      "kiln_norm_wide",
      "kiln_tokens");

  private final String file;
  private final List<String> kernels;

  DeviceCode(String file, String... kernels) {
    this.file = file;
    this.kernels = List.of(kernels);
  }

  /** Returns the name used in errors and file names. */
  public String title() {
    return file;
  }

  /** Returns the names of the kernels in it. */
  public List<String> kernels() {
    return kernels;
  }

  /** Returns the whole source, the shared constants first; it has no include directives. */
  public String source() {
    return text("/dev/kiln/type/kiln_types.h") + "#line 1\n" + text(file + ".cu");
  }

  private static String text(String resource) {
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

package dev.kiln.cuda;

import dev.kiln.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Kiln's device code: CUDA C++ sources, stored as resources of this package. */
public enum DeviceCode {
  /** Converts raw pixels to patch rows. */
  PATCHES("patches", false, "kiln_patches_bf16", "kiln_patches_fp16", "kiln_patches_fp32"),

  /** The encoder's forward pass; the attention kernel exists once for each head size. */
  ENCODER(
      "encoder",
      true,
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
      "kiln_tokens",
      "kiln_vectors"),

  /** Attention with the instructions of one architecture; the encoder can do without it. */
  ATTENTION_SM90("attention_sm90", true, "kiln_attention_64_sm90");

  private static final String SM_90 = "sm_90";

  /** Instructions of an architecture that later ones do not have. */
  private static final String ONLY = "a";

  private final String file;
  private final boolean shared;
  private final List<String> kernels;

  DeviceCode(String file, boolean shared, String... kernels) {
    this.file = file;
    this.shared = shared;
    this.kernels = List.of(kernels);
  }

  /**
   * Returns the architecture to compile for; empty if devices of this architecture cannot run the
   * code.
   *
   * @param device as in "sm_90"
   */
  public Optional<String> target(String device) {
    if (this != ATTENTION_SM90) {
      return Optional.of(device);
    }
    return device.equals(SM_90) || device.equals(SM_90 + ONLY)
        ? Optional.of(SM_90 + ONLY)
        : Optional.empty();
  }

  /** Returns whether the encoder needs this code. */
  public boolean required() {
    return this != ATTENTION_SM90;
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
    return text("/dev/kiln/type/kiln_types.h")
        + (shared ? text("device.h") : "")
        + "#line 1\n"
        + text(file + ".cu");
  }

  /** Returns a short hash of the source, for names of files. */
  public String hash() {
    return Sha256.hex(source().getBytes(StandardCharsets.UTF_8)).substring(0, 12);
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

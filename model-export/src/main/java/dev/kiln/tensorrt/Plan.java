package dev.kiln.tensorrt;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A compiled encoder on disk, checked. It contains machine code that TensorRT executes unchecked,
 * so a file that differs from the one that was written is refused before TensorRT reads it.
 */
public final class Plan {
  /** Reads and writes plan descriptions; data types appear as their labels, such as "bf16". */
  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .build();

  static final String SUFFIX = ".plan";
  static final String DESCRIPTION_SUFFIX = ".plan.json";
  static final String LAYERS_SUFFIX = ".layers.json";

  private final Path file;
  private final PlanDescription description;

  private Plan(Path file, PlanDescription description) {
    this.file = file;
    this.description = description;
  }

  /**
   * Opens a plan.
   *
   * @param file the plan; its description is stored beside it
   * @param expected key that the plan must have
   * @throws ConfigurationException if the plan is missing, has another key, or its description
   *     cannot be read
   */
  public static Plan open(Path file, PlanKey expected) {
    if (!Files.isRegularFile(file)) {
      throw fault(file, "expected a plan, found none; make it with kiln compile");
    }
    PlanDescription description = describe(description(file));
    List<String> differences = expected.differences(description.key());
    if (!differences.isEmpty()) {
      throw fault(file, String.join("; ", differences) + "; make one that fits with kiln compile");
    }
    Plan plan = new Plan(file, description);
    plan.checkSize();
    return plan;
  }

  static Path description(Path plan) {
    String name = plan.getFileName().toString();
    String stem = name.substring(0, name.length() - SUFFIX.length());
    return plan.resolveSibling(stem + DESCRIPTION_SUFFIX);
  }

  /** Reads a plan's description. */
  static PlanDescription describe(Path file) {
    PlanDescription description;
    try {
      description = JSON.readValue(Files.readAllBytes(file), PlanDescription.class);
    } catch (NoSuchFileException e) {
      throw fault(file, "expected the plan's description, found none; run kiln compile again", e);
    } catch (JacksonException e) {
      throw fault(
          file,
          "cannot read (%s); run kiln compile again"
              .formatted(e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    } catch (IOException e) {
      throw fault(file, "cannot read: " + e, e);
    }
    if (description.format() != PlanDescription.FORMAT) {
      throw fault(
          file,
          "expected format %d, found %d; run kiln compile again"
              .formatted(PlanDescription.FORMAT, description.format()));
    }
    return description;
  }

  private void checkSize() {
    try {
      long found = Files.size(file);
      if (found != description.bytes()) {
        throw fault(
            file,
            "expected %d bytes, found %d (truncated?); run kiln compile again"
                .formatted(description.bytes(), found));
      }
    } catch (IOException e) {
      throw fault(file, "cannot read: " + e, e);
    }
  }

  /** Returns the file of the plan. */
  public Path file() {
    return file;
  }

  /** Returns all files of the plan, the plan itself last: it exists only if all do. */
  public List<Path> files() {
    String name = file.getFileName().toString();
    Path layers = file.resolveSibling(name.replace(SUFFIX, LAYERS_SUFFIX));
    return Stream.of(description(file), layers, file).filter(Files::exists).toList();
  }

  /** Returns the description. */
  public PlanDescription description() {
    return description;
  }

  /**
   * Maps the plan's bytes and checks their SHA-256.
   *
   * @throws ConfigurationException if they differ from the bytes that were written
   */
  ByteBuffer read() {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      String found = sha256(bytes.duplicate());
      if (!found.equals(description.sha256())) {
        throw fault(
            file,
            "expected SHA-256 %s…, found %s… (damaged); run kiln compile again"
                .formatted(description.sha256().substring(0, 12), found.substring(0, 12)));
      }
      return bytes;
    } catch (IOException e) {
      throw fault(file, "cannot read: " + e, e);
    }
  }

  static String sha256(ByteBuffer bytes) {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes);
    return Sha256.hex(digest);
  }

  static ConfigurationException fault(Path file, String problem) {
    return new ConfigurationException("plan %s: %s".formatted(file, problem));
  }

  private static ConfigurationException fault(Path file, String problem, Exception cause) {
    return new ConfigurationException("plan %s: %s".formatted(file, problem), cause);
  }
}

package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.io.FileTrees;
import dev.kiln.io.Sha256;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports a checkpoint to a {@link ModelDirectory}. The directory is written under a temporary name
 * and renamed when it is complete. The same checkpoint and options produce the same bytes.
 */
public final class Exporter {
  private static final Logger log = LoggerFactory.getLogger(Exporter.class);
  private static final String WEIGHTS = "weights.bin";

  /**
   * Options of an export.
   *
   * @param platforms platforms to export the encoder for, at least one
   * @param chipSizes chip edges in pixels, multiples of 8, at least one
   * @param tokens whether to write graphs that output every token, too
   * @param overwrite whether to replace an existing model directory
   */
  public record Options(
      List<Platform> platforms, List<Integer> chipSizes, boolean tokens, boolean overwrite) {
    /**
     * Removes duplicates and checks the chip sizes.
     *
     * @throws ConfigurationException if a list is empty or a chip size is not a multiple of 8
     */
    public Options {
      platforms = platforms.stream().distinct().toList();
      chipSizes = chipSizes.stream().distinct().sorted().toList();
      if (platforms.isEmpty() || chipSizes.isEmpty()) {
        throw new ConfigurationException(
            "export: expected at least one platform and one chip size");
      }
      for (int chipSize : chipSizes) {
        if (chipSize < Architecture.PATCH || chipSize % Architecture.PATCH != 0) {
          throw new ConfigurationException(
              "export: expected a chip size that is a multiple of %d px, found %d; change --chip"
                  .formatted(Architecture.PATCH, chipSize));
        }
      }
    }
  }

  private final Checkpoint checkpoint;
  private final Architecture architecture;
  private final Options options;

  private Exporter(Checkpoint checkpoint, Options options) {
    this.checkpoint = checkpoint;
    this.architecture = EncoderTensors.infer(checkpoint);
    this.options = options;
  }

  /**
   * Exports a checkpoint.
   *
   * @param file a checkpoint that {@link Checkpoint} reads
   * @param options what to export
   * @param out model directory to create
   * @return the exported model
   * @throws ConfigurationException if the checkpoint is not a complete Clay encoder, or {@code out}
   *     exists or cannot be written
   */
  public static ModelDirectory export(Path file, Options options, Path out) {
    return export(CheckpointFile.of(file), options, out);
  }

  /**
   * Exports a checkpoint, of which only the encoder's values are fetched.
   *
   * @param file a checkpoint that {@link Checkpoint} reads, or a sparse copy of a remote one
   * @param options what to export
   * @param out model directory to create
   * @return the exported model
   * @throws ConfigurationException as for {@link #export(Path, Options, Path)}
   */
  public static ModelDirectory export(CheckpointFile file, Options options, Path out) {
    Path target = out.toAbsolutePath().normalize();
    requireReplaceable(target, options.overwrite());
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return new Exporter(checkpoint, options).export(target);
    }
  }

  /**
   * Checks that a model directory is absent, empty, or a model that may be replaced.
   *
   * @param target model directory
   * @param overwrite whether a model may be replaced
   * @throws ConfigurationException if it is anything else
   */
  public static void requireReplaceable(Path target, boolean overwrite) {
    if (!Files.exists(target)) {
      return;
    }
    if (Files.exists(target.resolve(ModelDirectory.DESCRIPTION))) {
      if (!overwrite) {
        throw new ConfigurationException(
            "model %s: exists already; pass --overwrite to replace it".formatted(target));
      }
      return;
    }
    try (Stream<Path> entries = Files.list(target)) {
      if (entries.findAny().isPresent()) {
        throw new ConfigurationException(
            "model %s: expected an empty directory or a model, found other files; choose another -o"
                .formatted(target));
      }
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: expected a writable directory; check -o".formatted(target), e);
    }
  }

  private ModelDirectory export(Path target) {
    Path temporary = null;
    try {
      Files.createDirectories(target.getParent());
      temporary = Files.createDirectory(temporaryName(target));
      write(temporary);
      rename(temporary, target);
      return ModelDirectory.open(target);
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: cannot write: %s; check -o".formatted(target, e), e);
    } finally {
      if (temporary != null && Files.exists(temporary)) {
        delete(temporary);
      }
    }
  }

  private static void rename(Path temporary, Path target) throws IOException {
    if (!Files.exists(target)) {
      Files.move(temporary, target);
      return;
    }
    Path old = temporaryName(target);
    Files.move(target, old);
    try {
      Files.move(temporary, target);
    } catch (IOException e) {
      Files.move(old, target);
      throw e;
    }
    delete(old);
  }

  /** Returns an unused name next to the target, on the same file system. */
  private static Path temporaryName(Path target) {
    return target.resolveSibling(".%s.%s".formatted(target.getFileName(), UUID.randomUUID()));
  }

  private static void delete(Path directory) {
    try {
      FileTrees.delete(directory);
    } catch (IOException e) {
      log.warn("cannot delete {}: {}", directory, e.toString());
    }
  }

  private void write(Path directory) throws IOException {
    checkpoint.fetch(EncoderTensors.shapes(architecture).keySet());
    ModelDescription.Weights weights;
    List<ModelDescription.Tensor> tensors;
    List<ModelDescription.Graph> graphs = new ArrayList<>();
    try (WeightsFile file = new WeightsFile(directory.resolve(WEIGHTS))) {
      new EncoderWeights(checkpoint, architecture, file).write(options.platforms());
      weights = file.finish();
      tensors =
          file.tensors().entrySet().stream()
              .map(
                  entry ->
                      new ModelDescription.Tensor(
                          entry.getKey(), entry.getValue().shape(), entry.getValue().offset()))
              .toList();
      for (Platform platform : options.platforms()) {
        for (int chipSize : options.chipSizes()) {
          graphs.add(writeGraph(directory, file, platform, chipSize, false));
          if (options.tokens()) {
            graphs.add(writeGraph(directory, file, platform, chipSize, true));
          }
        }
      }
    }
    ModelDirectory.create(
        directory,
        new ModelDescription(
            ModelDescription.FORMAT,
            architecture,
            EncoderGraph.OPSET,
            weights,
            options.platforms(),
            graphs,
            tensors));
  }

  private ModelDescription.Graph writeGraph(
      Path directory, WeightsFile weights, Platform platform, int chipSize, boolean tokens)
      throws IOException {
    byte[] model =
        EncoderGraph.build(
                EncoderGraph.Variant.portable(architecture, platform, chipSize, tokens),
                WEIGHTS,
                weights.tensors())
            .toByteArray();
    String name = "%s-%d%s.onnx".formatted(platform.name(), chipSize, tokens ? "-tokens" : "");
    Files.write(
        directory.resolve(name),
        model,
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.WRITE,
        StandardOpenOption.SYNC);
    return new ModelDescription.Graph(platform.name(), chipSize, tokens, name, Sha256.hex(model));
  }
}

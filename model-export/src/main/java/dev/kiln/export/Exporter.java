package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a checkpoint into a {@link ModelDirectory}. The directory is written aside and renamed when
 * it is whole. The same checkpoint and platforms give the same bytes.
 */
public final class Exporter {
  private static final Logger LOG = LoggerFactory.getLogger(Exporter.class);
  private static final String WEIGHTS = "weights.bin";

  /**
   * What to export.
   *
   * @param platforms sensors to fold the encoder for, at least one
   * @param chips chip sides in pixels, multiples of 8, at least one
   * @param tokens also write the graphs that give every token
   * @param overwrite replace a model directory that is there already
   */
  public record Options(
      List<Platform> platforms, List<Integer> chips, boolean tokens, boolean overwrite) {
    public Options {
      platforms = platforms.stream().distinct().toList();
      chips = chips.stream().distinct().sorted().toList();
      if (platforms.isEmpty() || chips.isEmpty()) {
        throw new ConfigurationException(
            "export: expected at least one platform and one chip size");
      }
      for (int chip : chips) {
        if (chip < Architecture.PATCH || chip % Architecture.PATCH != 0) {
          throw new ConfigurationException(
              "export: expected a chip side that is a multiple of %d, found %d; change --chip"
                  .formatted(Architecture.PATCH, chip));
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
   * @param out the model directory to be
   * @throws ConfigurationException if the checkpoint is not a whole Clay encoder, or {@code out} is
   *     in use or cannot be written
   */
  public static ModelDirectory export(Path file, Options options, Path out) {
    Path target = out.toAbsolutePath().normalize();
    requireReplaceable(target, options.overwrite());
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return new Exporter(checkpoint, options).export(target);
    }
  }

  /** Only what Kiln wrote is ever replaced. */
  private static void requireReplaceable(Path target, boolean overwrite) {
    if (!Files.exists(target)) {
      return;
    }
    if (Files.exists(target.resolve(ModelDirectory.DESCRIPTION))) {
      if (!overwrite) {
        throw new ConfigurationException(
            "model %s: there is one already; pass --overwrite to replace it".formatted(target));
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
          "model %s: expected a directory that can be written; check -o".formatted(target), e);
    }
  }

  private ModelDirectory export(Path target) {
    Path aside = null;
    try {
      Files.createDirectories(target.getParent());
      aside = Files.createDirectory(beside(target));
      write(aside);
      rename(aside, target);
      return ModelDirectory.open(target);
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: cannot be written: %s; check -o".formatted(target, e), e);
    } finally {
      if (aside != null && Files.exists(aside)) {
        delete(aside);
      }
    }
  }

  private static void rename(Path aside, Path target) throws IOException {
    if (!Files.exists(target)) {
      Files.move(aside, target);
      return;
    }
    Path old = beside(target);
    Files.move(target, old);
    try {
      Files.move(aside, target);
    } catch (IOException e) {
      Files.move(old, target);
      throw e;
    }
    delete(old);
  }

  /** A name next to the target, on the same file system, that nothing else has. */
  private static Path beside(Path target) {
    return target.resolveSibling(".%s.%s".formatted(target.getFileName(), UUID.randomUUID()));
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      LOG.warn("cannot delete {}: {}", directory, e.toString());
    }
  }

  private void write(Path directory) throws IOException {
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
        for (int chip : options.chips()) {
          graphs.add(writeGraph(directory, file, platform, chip, false));
          if (options.tokens()) {
            graphs.add(writeGraph(directory, file, platform, chip, true));
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
      Path directory, WeightsFile weights, Platform platform, int chip, boolean tokens)
      throws IOException {
    byte[] model =
        EncoderGraph.build(
                EncoderGraph.Variant.portable(architecture, platform, chip, tokens),
                WEIGHTS,
                weights.tensors())
            .toByteArray();
    String name = "%s-%d%s.onnx".formatted(platform.name(), chip, tokens ? "-tokens" : "");
    Files.write(
        directory.resolve(name),
        model,
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.WRITE,
        StandardOpenOption.SYNC);
    return new ModelDescription.Graph(
        platform.name(),
        chip,
        tokens,
        name,
        HexFormat.of().formatHex(WeightsFile.sha256().digest(model)));
  }
}

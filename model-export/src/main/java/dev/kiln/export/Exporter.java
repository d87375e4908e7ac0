package dev.kiln.export;

import dev.kiln.fault.ConfigurationFault;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        throw new ConfigurationFault("export: expected at least one platform and one chip size");
      }
      for (int chip : chips) {
        if (chip < Architecture.PATCH || chip % Architecture.PATCH != 0) {
          throw new ConfigurationFault(
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
   * @throws ConfigurationFault if the checkpoint is not a whole Clay encoder, or {@code out} is in
   *     use or cannot be written
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
        throw new ConfigurationFault(
            "model %s: there is one already; pass --overwrite to replace it".formatted(target));
      }
      return;
    }
    try (Stream<Path> entries = Files.list(target)) {
      if (entries.findAny().isPresent()) {
        throw new ConfigurationFault(
            "model %s: expected an empty directory or a model, found other files; choose another -o"
                .formatted(target));
      }
    } catch (IOException e) {
      throw new ConfigurationFault(
          "model %s: expected a directory that can be written; check -o".formatted(target), e);
    }
  }

  private ModelDirectory export(Path target) {
    Path aside = null;
    try {
      Files.createDirectories(target.getParent());
      aside = Files.createDirectory(beside(target));
      write(aside);
      if (Files.exists(target)) {
        Path old = beside(target);
        Files.move(target, old);
        Files.move(aside, target);
        delete(old);
      } else {
        Files.move(aside, target);
      }
      return ModelDirectory.open(target);
    } catch (IOException e) {
      throw new ConfigurationFault(
          "model %s: cannot be written: %s; check -o".formatted(target, e), e);
    } finally {
      if (aside != null && Files.exists(aside)) {
        delete(aside);
      }
    }
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
      writeWeights(file);
      weights = file.finish();
      tensors = List.copyOf(file.tensors().values());
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
        EncoderGraph.build(architecture, platform, chip, tokens, WEIGHTS, weights.tensors())
            .toByteArray();
    String name = "%s-%d%s.onnx".formatted(platform.name(), chip, tokens ? "-tokens" : "");
    Files.write(directory.resolve(name), model);
    return new ModelDescription.Graph(
        platform.name(),
        chip,
        tokens,
        name,
        HexFormat.of().formatHex(WeightsFile.sha256().digest(model)));
  }

  private void writeWeights(WeightsFile file) throws IOException {
    long dim = architecture.dim();
    long mlp = architecture.mlpDim();
    int inner = architecture.inner();
    file.add("cls_token", checkpoint.read(EncoderTensors.CLASS_TOKEN), dim);
    float[] omega = positionOmega(architecture.dim());
    file.add("position.omega", omega, omega.length);
    for (int block = 0; block < architecture.depth(); block++) {
      String attention = EncoderTensors.attention(block);
      String to = "block.%d.attention.".formatted(block);
      copyNorm(file, to + "norm", attention + "norm");
      float[] qkv = checkpoint.read(attention + "to_qkv.weight");
      scale(qkv, inner * architecture.dim(), Math.pow(architecture.dimHead(), -0.5));
      if (block < architecture.depth() - 1) {
        file.add(to + "qkv", transpose(qkv, architecture.dim(), 0, 3 * inner), dim, 3L * inner);
      } else {
        file.add(to + "q", transpose(qkv, architecture.dim(), 0, inner), dim, inner);
        file.add(to + "kv", transpose(qkv, architecture.dim(), inner, 3 * inner), dim, 2L * inner);
      }
      copyTransposed(file, to + "out", attention + "to_out.weight", inner, dim);
      String mlpFrom = EncoderTensors.mlp(block);
      String mlpTo = "block.%d.mlp.".formatted(block);
      copyNorm(file, mlpTo + "norm", mlpFrom + "0");
      copyTransposed(file, mlpTo + "up.weight", mlpFrom + "1.weight", dim, mlp);
      file.add(mlpTo + "up.bias", checkpoint.read(mlpFrom + "1.bias"), mlp);
      copyTransposed(file, mlpTo + "down.weight", mlpFrom + "3.weight", mlp, dim);
      file.add(mlpTo + "down.bias", checkpoint.read(mlpFrom + "3.bias"), dim);
    }
    copyNorm(file, "norm", EncoderTensors.FINAL_NORM);
    Hypernetwork hypernetwork = new Hypernetwork(checkpoint, architecture);
    for (Platform platform : options.platforms()) {
      Hypernetwork.PatchEmbedding patch = hypernetwork.fold(platform);
      String to = "patch." + platform.name();
      file.add(to + ".weight", patch.weight(), patch.weight().length / dim, dim);
      file.add(to + ".bias", patch.bias(), dim);
    }
  }

  private void copyNorm(WeightsFile file, String to, String from) throws IOException {
    file.add(to + ".weight", checkpoint.read(from + ".weight"), architecture.dim());
    file.add(to + ".bias", checkpoint.read(from + ".bias"), architecture.dim());
  }

  private void copyTransposed(WeightsFile file, String to, String from, long in, long out)
      throws IOException {
    float[] weight = checkpoint.read(from);
    file.add(to, transpose(weight, (int) in, 0, (int) out), in, out);
  }

  /** Frequencies of the position encoding, rounded at each step as PyTorch's float32 is. */
  static float[] positionOmega(int dim) {
    int positionDim = dim - EncoderTensors.METADATA;
    int quarter = positionDim / 4;
    float[] omega = new float[quarter];
    for (int i = 0; i < quarter; i++) {
      float exponent = 2 * ((float) i / (quarter - 1)) / positionDim;
      omega[i] = 1 / (float) Math.pow(10_000, exponent);
    }
    return omega;
  }

  private static void scale(float[] values, int count, double factor) {
    for (int i = 0; i < count; i++) {
      values[i] = (float) (values[i] * factor);
    }
  }

  /** Rows [from, to) of a row-major matrix, as {@code [columns, to - from]}. */
  private static float[] transpose(float[] matrix, int columns, int from, int to) {
    int rows = to - from;
    float[] transposed = new float[rows * columns];
    // Blocks that stay in the cache while their columns become rows.
    int block = 64;
    for (int r0 = 0; r0 < rows; r0 += block) {
      for (int c0 = 0; c0 < columns; c0 += block) {
        for (int r = r0; r < Math.min(rows, r0 + block); r++) {
          for (int c = c0; c < Math.min(columns, c0 + block); c++) {
            transposed[c * rows + r] = matrix[(from + r) * columns + c];
          }
        }
      }
    }
    return transposed;
  }
}

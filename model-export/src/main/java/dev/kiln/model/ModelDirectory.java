package dev.kiln.model;

import dev.kiln.error.ConfigurationException;
import dev.kiln.error.Mismatch;
import dev.kiln.error.Similar;
import dev.kiln.io.Sha256;
import dev.kiln.platform.Platform;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * An exported model: {@code model.json}, one ONNX file per platform and chip size, and the weights
 * that they share. Encoders read a graph or individual tensors.
 *
 * <p>Tensors are float32 and have the layout of a GEMM, {@code [in, out]}, so that {@code y = x·W +
 * b}:
 *
 * <pre>
 * patch.PLATFORM.weight  [C·64, dim]   rows in the order (band, row, column) of a patch
 * patch.PLATFORM.bias    [dim]
 * position.omega         [(dim-8)/4]   multiply by the gsd
 * cls_token              [dim]
 * block.N.attention.norm.weight, .bias [dim]
 * block.N.attention.qkv  [dim, 3·inner] all but the last block
 * block.N.attention.q    [dim, inner]   last block, where only token 0 is needed
 * block.N.attention.kv   [dim, 2·inner] last block
 * block.N.attention.out  [inner, dim]
 * block.N.mlp.norm.weight, .bias [dim]
 * block.N.mlp.up.weight  [dim, mlp], block.N.mlp.up.bias [mlp]
 * block.N.mlp.down.weight [mlp, dim], block.N.mlp.down.bias [dim]
 * norm.weight, norm.bias [dim]
 * </pre>
 *
 * The token of the patch at row y, column x is {@code patch·W + b + [sin(x·a), cos(x·a), sin(y·a),
 * cos(y·a), time, latlon]} with {@code a = gsd·omega}; the class token is the first and has
 * neither. The attention scale {@code dimHead^-0.5} is already multiplied into the columns of q.
 * Columns of q, k and v are ordered (head, dimension). LayerNorm's epsilon is 1e-5; GELU is the erf
 * form.
 */
public final class ModelDirectory {
  /** Name of the description within the directory. */
  public static final String DESCRIPTION = "model.json";

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Path path;
  private final ModelDescription description;
  private final Map<String, Platform> platforms;
  private final Map<String, ModelDescription.Tensor> tensors;

  private ModelDirectory(Path path, ModelDescription description) {
    this.path = path;
    this.description = description;
    this.platforms = byName(description.platforms(), Platform::name);
    this.tensors = byName(description.tensors(), ModelDescription.Tensor::name);
  }

  private static <T> Map<String, T> byName(List<T> items, Function<T, String> name) {
    return items.stream().collect(Collectors.toMap(name, Function.identity()));
  }

  /**
   * Opens a model directory. Nothing stays open: weights are mapped on request.
   *
   * @param path the directory
   * @return the model
   * @throws ConfigurationException if it is not a model directory, or files are missing or
   *     truncated
   */
  public static ModelDirectory open(Path path) {
    Path file = path.resolve(DESCRIPTION);
    boolean hidden = Files.isDirectory(path) && !Files.isExecutable(path);
    if (hidden || Files.isRegularFile(file) && !Files.isReadable(file)) {
      throw fault(path, "permission denied: make the directory and its files readable");
    }
    if (!Files.isRegularFile(file)) {
      throw fault(
          path, "expected %s, found none; make one with kiln export".formatted(DESCRIPTION));
    }
    ModelDescription description;
    try {
      description = JSON.readValue(file, ModelDescription.class);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          "model %s: cannot read %s: %s; export it again"
              .formatted(path, DESCRIPTION, e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
    if (description.format() != ModelDescription.FORMAT) {
      throw fault(
          path,
          "expected format %d, found %d; export it again with this version of Kiln"
              .formatted(ModelDescription.FORMAT, description.format()));
    }
    DescriptionCheck.problem(description)
        .ifPresent(
            problem -> {
              throw fault(path, problem + "; export it again");
            });
    ModelDirectory directory = new ModelDirectory(path, description);
    directory.checkFiles();
    return directory;
  }

  /**
   * Writes the description into a directory that contains all other files.
   *
   * @param path the directory
   * @param description contents of {@code model.json}
   * @return the model
   * @throws ConfigurationException if it cannot be written
   */
  public static ModelDirectory create(Path path, ModelDescription description) {
    try {
      Files.write(
          path.resolve(DESCRIPTION),
          JSON.writeValueAsBytes(description),
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE,
          StandardOpenOption.SYNC);
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: cannot write %s: %s".formatted(path, DESCRIPTION, e), e);
    }
    return open(path);
  }

  private void checkFiles() {
    long expected = description.weights().bytes();
    long found = size(weights());
    if (found != expected) {
      throw fault(
          path,
          "%s: expected %d bytes, found %d (truncated?); export it again"
              .formatted(description.weights().file(), expected, Math.max(0, found)));
    }
    requireHash(description.weights().file(), description.weights().sha256());
    for (ModelDescription.Graph graph : description.graphs()) {
      if (size(path.resolve(graph.file())) <= 0) {
        throw fault(path, graph.file() + ": missing or empty; export it again");
      }
      requireHash(graph.file(), graph.sha256());
    }
  }

  /** Checked whenever a model is opened: other bytes would give other vectors without a word. */
  private void requireHash(String file, String sha256) {
    String found;
    try {
      found = Sha256.hex(path.resolve(file));
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: %s cannot be read: %s".formatted(path, file, e.getMessage()), e);
    }
    if (!found.equals(sha256)) {
      throw fault(
          path,
          "%s: %s (damaged or replaced); export or copy it again"
              .formatted(file, Mismatch.of("SHA-256 " + sha256, found)));
    }
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : -1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ConfigurationException fault(Path path, String problem) {
    return new ConfigurationException("model %s: %s".formatted(path, problem));
  }

  /** {@return the directory} */
  public Path path() {
    return path;
  }

  /** {@return the contents of {@code model.json}} */
  public ModelDescription description() {
    return description;
  }

  /** {@return the dimensions of the encoder} */
  public Architecture architecture() {
    return description.architecture();
  }

  /** {@return the SHA-256 of the weights file in hexadecimal, the identity of the model} */
  public String hash() {
    return description.weights().sha256();
  }

  /** {@return the weights file} */
  public Path weights() {
    return path.resolve(description.weights().file());
  }

  /**
   * {@return a platform that the model was exported for}
   *
   * @param name such as {@code naip}
   * @throws ConfigurationException if it was not exported; the message lists the others
   */
  public Platform platform(String name) {
    Platform platform = platforms.get(name);
    for (Platform known : platforms.values()) {
      if (platform == null && known.name().equalsIgnoreCase(name)) {
        platform = known;
      }
    }
    if (platform == null) {
      Set<String> known = new TreeSet<>(PlatformCatalog.builtIn().names());
      known.addAll(platforms.keySet());
      throw fault(
          path,
          "expected platform %s, found %s; %s"
              .formatted(
                  name,
                  String.join(", ", platforms.keySet()),
                  known.contains(name.toLowerCase(Locale.ROOT))
                      ? "export it with --platform " + name
                      : Similar.likely(name, known)
                          .map(meant -> "did you mean " + meant + "?")
                          .orElse("export it with --platform " + name)));
    }
    return platform;
  }

  /**
   * {@return the encoder of one platform and chip size}
   *
   * @param platform name of a platform that the model was exported for
   * @param chipSize chip edge in pixels, a multiple of 8
   * @throws ConfigurationException if the model was not exported for the platform, or the chip size
   *     is not a multiple of 8
   */
  public ExportedEncoder encoder(String platform, int chipSize) {
    return new ExportedEncoder(this, platform(platform), chipSize);
  }

  /**
   * {@return the ONNX file that outputs embeddings}
   *
   * @param platform name of the platform
   * @param chipSize chip edge in pixels
   * @throws ConfigurationException if it was not exported
   */
  public Path graph(String platform, int chipSize) {
    return graph(platform, chipSize, false);
  }

  /**
   * {@return the ONNX file that outputs every token after the last LayerNorm, for checks}
   *
   * @param platform name of the platform
   * @param chipSize chip edge in pixels
   * @throws ConfigurationException if it was not exported
   */
  public Path tokensGraph(String platform, int chipSize) {
    return graph(platform, chipSize, true);
  }

  private Path graph(String platform, int chipSize, boolean tokens) {
    platform(platform);
    return description.graphs().stream()
        .filter(
            g -> g.platform().equals(platform) && g.chipSize() == chipSize && g.tokens() == tokens)
        .findFirst()
        .map(graph -> path.resolve(graph.file()))
        .orElseThrow(
            () ->
                fault(
                    path,
                    "expected a graph for %s chips of %d px%s, found %s; export it with --chip %d%s"
                        .formatted(
                            platform,
                            chipSize,
                            tokens ? " with tokens" : "",
                            description.graphs().stream()
                                .map(ModelDescription.Graph::file)
                                .collect(Collectors.joining(", ")),
                            chipSize,
                            tokens ? " --tokens" : "")));
  }

  /**
   * Maps a tensor's values from the weights file: read-only, row-major, valid as long as the buffer
   * is reachable.
   *
   * @param name name as listed above
   * @return a direct buffer
   * @throws ConfigurationException if the model has no such tensor
   */
  public FloatBuffer tensor(String name) {
    ModelDescription.Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw fault(path, "tensor %s: expected one, found none; export it again".formatted(name));
    }
    try (FileChannel channel = FileChannel.open(weights())) {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, tensor.offset(), tensor.bytes())
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer();
    } catch (IOException e) {
      throw new ConfigurationException(
          "model %s: cannot read %s".formatted(path, description.weights().file()), e);
    }
  }
}

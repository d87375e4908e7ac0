package dev.kiln.export;

import dev.kiln.error.ConfigurationException;
import dev.kiln.memory.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The Clay encoder's weights within a file: a PyTorch Lightning checkpoint, a plain {@code
 * state_dict} saved by {@code torch.save}, or safetensors. Opening reads only the file's directory;
 * the values of a tensor are read on request, and everything but the encoder is never read.
 */
public final class Checkpoint implements AutoCloseable {
  /** Prefixes of the encoder's tensors; the first that matches is used. */
  private static final List<String> PREFIXES = List.of("model.encoder.", "encoder.", "");

  /** Beginnings of names that only the encoder has. */
  private static final List<String> ENCODER_PARTS =
      List.of("cls_token", "patch_embedding.", "transformer.");

  private final CheckpointFile file;
  private final TorchArchive archive;
  private final String prefix;
  private final Map<String, Object> tensors;

  private Checkpoint(CheckpointFile file, TorchArchive archive, Map<String, Object> stateDict) {
    this.file = file;
    this.archive = archive;
    this.prefix = prefix(file, stateDict);
    this.tensors = new LinkedHashMap<>();
    stateDict.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            tensors.put(name.substring(prefix.length()), value);
          }
        });
  }

  /**
   * Opens a checkpoint of any supported format.
   *
   * @param file the checkpoint
   * @return the open checkpoint, which the caller closes
   * @throws ConfigurationException if the file does not exist, is damaged or contains no Clay
   *     encoder
   */
  public static Checkpoint open(Path file) {
    return open(CheckpointFile.of(file));
  }

  /**
   * Opens a checkpoint of any supported format.
   *
   * @param file the checkpoint, or a sparse copy of a remote one
   * @return the open checkpoint, which the caller closes
   * @throws ConfigurationException as for {@link #open(Path)}
   */
  static Checkpoint open(CheckpointFile file) {
    try {
      byte[] head = head(file);
      if (head.length >= 2 && head[0] == 'P' && head[1] == 'K') {
        TorchArchive archive = TorchArchive.open(file);
        try {
          return new Checkpoint(file, archive, archive.stateDict());
        } catch (IOException | RuntimeException e) {
          archive.close();
          throw e;
        }
      }
      if (Safetensors.startsLike(head)) {
        return new Checkpoint(file, null, Safetensors.stateDict(file));
      }
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          "checkpoint %s: no such file; check --checkpoint".formatted(file.name()), e);
    } catch (IOException e) {
      throw new ConfigurationException(
          "checkpoint %s: cannot read (truncated or damaged?): %s"
              .formatted(file.name(), e.getMessage()),
          e);
    }
    throw new ConfigurationException(
        "checkpoint %s: expected a zip file of torch.save or safetensors, found neither; save files of PyTorch before 1.6 again"
            .formatted(file.name()));
  }

  private static byte[] head(CheckpointFile file) throws IOException {
    if (Files.isDirectory(file.path())) {
      throw new IOException("it is a directory");
    }
    file.fetch(List.of(ByteRange.between(0, Math.min(Files.size(file.path()), Long.BYTES + 1))));
    try (InputStream in = Files.newInputStream(file.path())) {
      return in.readNBytes(Long.BYTES + 1);
    }
  }

  private static String prefix(CheckpointFile file, Map<String, Object> stateDict) {
    for (String prefix : PREFIXES) {
      for (String part : ENCODER_PARTS) {
        if (stateDict.keySet().stream().anyMatch(name -> name.startsWith(prefix + part))) {
          return prefix;
        }
      }
    }
    throw new ConfigurationException(
        "checkpoint %s: expected a Clay encoder (tensors model.encoder.*), found %s"
            .formatted(
                file.name(),
                stateDict.isEmpty()
                    ? "no tensors"
                    : stateDict.keySet().stream()
                        .limit(3)
                        .collect(Collectors.joining(", ", "", ", …"))));
  }

  /** Returns the name of the file or object that this was opened from. */
  String source() {
    return file.name();
  }

  /**
   * Fetches the values of tensors, if the checkpoint is a sparse copy; call {@link #check} first.
   *
   * @param names of tensors
   * @throws UncheckedIOException if they cannot be fetched
   */
  void fetch(Collection<String> names) {
    file.fetch(
        names.stream()
            .map(name -> tensor(name).storage().range())
            .filter(range -> range.length() > 0)
            .distinct()
            .toList());
  }

  /** Returns the names of the encoder's tensors, without the file's prefix. */
  Iterable<String> names() {
    return tensors.keySet();
  }

  /**
   * Returns the shape of a tensor of the encoder.
   *
   * @throws ConfigurationException if the checkpoint has no such tensor
   */
  List<Long> shape(String name) {
    return tensor(name).shape();
  }

  /**
   * Checks that a tensor exists completely, with this shape and a supported type.
   *
   * @throws ConfigurationException naming the tensor, what was expected and what was found
   */
  void check(String name, List<Long> shape) {
    tensor(name).check(file.name(), shape);
  }

  /**
   * Reads a tensor's values, in row-major order, as float32; call {@link #check} first.
   *
   * @throws ConfigurationException if the file is damaged there, or a value is not finite
   */
  float[] read(String name) {
    try {
      float[] values = tensor(name).read();
      for (float value : values) {
        if (!Float.isFinite(value)) {
          throw fault(name, "expected finite values, found " + value);
        }
      }
      return values;
    } catch (IOException e) {
      throw new ConfigurationException(message(name, "cannot read: " + e.getMessage()), e);
    }
  }

  private StoredTensor tensor(String name) {
    Object value = tensors.get(name);
    if (value instanceof StoredTensor tensor) {
      return tensor;
    }
    throw fault(
        name,
        "expected a tensor, found "
            + (tensors.containsKey(name) ? TorchPickle.describe(value) : "none of that name"));
  }

  /** Returns an error about one of the encoder's tensors. */
  ConfigurationException fault(String tensor, String problem) {
    return new ConfigurationException(message(tensor, problem));
  }

  private String message(String tensor, String problem) {
    return "checkpoint %s: tensor %s%s: %s".formatted(file.name(), prefix, tensor, problem);
  }

  @Override
  public void close() {
    if (archive != null) {
      try {
        archive.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

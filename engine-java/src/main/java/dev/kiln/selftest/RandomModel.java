package dev.kiln.selftest;

import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.model.Architecture;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A model with random weights for NAIP, created when it is first needed. The same seed gives the
 * same weights on all machines. Speed depends only on the size.
 */
final class RandomModel {
  static final String PLATFORM = "naip";
  static final int CHIP = 256;
  private static final long SEED = 1;

  private final Architecture architecture;
  private final Path directory;
  private ModelDirectory model;

  /**
   * Names a model.
   *
   * @param directory receives the model; an existing model is reused
   */
  RandomModel(Architecture architecture, Path directory) {
    this.architecture = architecture;
    this.directory = directory;
  }

  Architecture architecture() {
    return architecture;
  }

  /** Returns the encoder for NAIP and chips of 256 pixels. */
  ExportedEncoder encoder() throws IOException {
    return directory().encoder(PLATFORM, CHIP);
  }

  ModelDirectory directory() throws IOException {
    if (model == null) {
      Path out = directory.resolve("random-" + architecture.name());
      if (Files.exists(out.resolve(ModelDirectory.DESCRIPTION))) {
        model = ModelDirectory.open(out);
      } else {
        Files.createDirectories(directory);
        Path checkpoint = directory.resolve("random-" + architecture.name() + ".ckpt");
        new RandomCheckpoint(architecture, DataType.BF16, SEED, 0).write(checkpoint);
        model =
            Exporter.export(
                checkpoint,
                new Exporter.Options(
                    List.of(PlatformCatalog.builtIn().get(PLATFORM)), List.of(CHIP), false, false),
                out);
        Files.delete(checkpoint);
      }
    }
    return model;
  }
}

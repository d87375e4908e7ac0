package dev.kiln.selftest;

import dev.kiln.export.Exporter;
import dev.kiln.export.RandomCheckpoint;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.type.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model of random weights for NAIP, made when it is first needed: speed depends on its size. */
final class RandomModel {
  static final String PLATFORM = "naip";
  static final int CHIP = 256;
  private static final long SEED = 1;

  private final Architecture architecture;
  private final Path folder;
  private ModelDirectory model;

  /**
   * @param folder where it goes; is used again if it is there
   */
  RandomModel(Architecture architecture, Path folder) {
    this.architecture = architecture;
    this.folder = folder;
  }

  Architecture architecture() {
    return architecture;
  }

  ModelDirectory directory() throws IOException {
    if (model == null) {
      Path out = folder.resolve("random-" + architecture.name());
      if (Files.exists(out.resolve(ModelDirectory.DESCRIPTION))) {
        model = ModelDirectory.open(out);
      } else {
        Files.createDirectories(folder);
        Path checkpoint = folder.resolve("random.ckpt");
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

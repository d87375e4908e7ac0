package dev.kiln.testing;

import dev.kiln.io.Sha256;
import dev.kiln.model.Architecture;
import dev.kiln.model.ModelDescription;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model directory without weights, for runs whose encoder is a fake. */
public final class FakeModel {
  private FakeModel() {}

  /** Writes the directory unless it exists, and opens it. */
  public static ModelDirectory directory(Path path, Platform platform) throws IOException {
    if (Files.exists(path.resolve(ModelDirectory.DESCRIPTION))) {
      return ModelDirectory.open(path);
    }
    Files.createDirectories(path);
    Files.write(path.resolve("weights.bin"), new byte[0]);
    return ModelDirectory.create(
        path,
        new ModelDescription(
            ModelDescription.FORMAT,
            Architecture.named("micro"),
            17,
            new ModelDescription.Weights("weights.bin", 0, Sha256.hex("")),
            List.of(platform),
            List.of(),
            List.of()));
  }
}

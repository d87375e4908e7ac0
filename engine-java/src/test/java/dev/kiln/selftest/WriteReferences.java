package dev.kiln.selftest;

import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderOptions;
import dev.kiln.infer.select.Encoders;
import dev.kiln.model.Architecture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Computes the vectors of {@link ReferenceChips} with ONNX Runtime in float32 on this CPU. Run it
 * when {@link RandomModel} or the chips change: {@code WriteReferences DIRECTORY SIZE...}, with the
 * directory of the resources.
 */
final class WriteReferences {
  private WriteReferences() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    for (int i = 1; i < arguments.length; i++) {
      write(directory, arguments[i]);
    }
  }

  private static void write(Path directory, String size) throws Exception {
    Path work = Files.createTempDirectory("references");
    RandomModel model = new RandomModel(Architecture.named(size), work);
    try (Encoder encoder =
        Encoders.open(
            model.encoder(), EncoderOptions.of(EncoderOptions.Kind.ONNXRUNTIME).withBatchSize(1))) {
      float[] vectors = ReferenceChips.encode(encoder);
      ByteBuffer bytes =
          ByteBuffer.allocate(vectors.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vectors);
      Files.write(directory.resolve("random-" + size + ".f32"), bytes.array());
    } finally {
      delete(work);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

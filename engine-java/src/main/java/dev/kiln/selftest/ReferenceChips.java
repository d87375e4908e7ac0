package dev.kiln.selftest;

import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.memory.Strip;
import dev.kiln.platform.PlatformCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Four fixed chips of noise, and their embeddings by random models of the usual sizes, in float32
 * on a CPU. An encoder can thus be checked at its real size without the released weights.
 *
 * <p>The vectors are resources {@code random-{size}.f32}: little-endian, {@code [4, dim]}. A test's
 * {@code WriteReferences} computed them.
 */
final class ReferenceChips {
  static final int COUNT = 4;
  private static final long SEED = 42;
  private static final float GSD = 0.6f;

  private ReferenceChips() {}

  /** Returns the committed vectors of a model size, {@code [4, dim]}. */
  static float[] expected(String size) throws IOException {
    String resource = "random-" + size + ".f32";
    try (InputStream in = ReferenceChips.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("no reference vectors for a model of size " + size);
      }
      FloatBuffer values =
          ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      float[] vectors = new float[values.remaining()];
      values.get(vectors);
      return vectors;
    }
  }

  /** Encodes the chips with an encoder of {@link RandomModel}, in batches of any size. */
  static float[] encode(Encoder encoder) throws EncoderException, InterruptedException {
    int chipSize = RandomModel.CHIP;
    int dim = encoder.description().dim();
    float[] vectors = new float[COUNT * dim];
    BatchSlot slot = encoder.newSlot();
    RandomStrip noise = new RandomStrip(COUNT * chipSize, 0, chipSize, 0, 0);
    try (Strip strip =
        noise.draw(
            PlatformCatalog.builtIn().get(RandomModel.PLATFORM), encoder.hostMemory(), SEED)) {
      for (int done = 0; done < COUNT; ) {
        int first = done;
        while (done < COUNT && slot.size() < slot.capacity()) {
          slot.put(strip, done * chipSize, 0, time(done), location(done));
          done++;
        }
        slot.start(GSD);
        FloatBuffer result = slot.await();
        result.get(vectors, first * dim, (done - first) * dim);
        slot.clear();
      }
    }
    return vectors;
  }

  /** Returns sine and cosine of week and hour, with a different week for each chip. */
  private static float[] time(int chip) {
    double week = 2 * Math.PI * (13 * chip + 1) / 52;
    return new float[] {(float) Math.sin(week), (float) Math.cos(week), 0, -1};
  }

  /** Returns sine and cosine of latitude and longitude, with a different location for each chip. */
  private static float[] location(int chip) {
    double latitude = Math.toRadians(20 * chip - 30);
    double longitude = Math.toRadians(90 * chip - 170);
    return new float[] {
      (float) Math.sin(latitude),
      (float) Math.cos(latitude),
      (float) Math.sin(longitude),
      (float) Math.cos(longitude)
    };
  }
}

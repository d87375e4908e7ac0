package dev.kiln.infer.cpu;

import dev.kiln.infer.cpu.MatrixProducts.Shape;
import dev.kiln.memory.HostBuffer;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Weights and bias of one product, of noise. */
final class NoiseTensors extends OneDnnTensors {
  static final String WEIGHT = "weight";
  static final String BIAS = "bias";

  private static final long SEED = 11;

  private final Shape shape;

  NoiseTensors(OneDnn dnn, Shape shape) {
    super(dnn, shape.inner() * shape.columns() * Float.BYTES);
    this.shape = shape;
  }

  @Override
  long[] shape(String name) {
    return name.equals(BIAS)
        ? new long[] {1, shape.columns()}
        : new long[] {shape.inner(), shape.columns()};
  }

  @Override
  ByteBuffer read(String name, HostBuffer staging) {
    long[] size = shape(name);
    ByteBuffer values = staging.slice(0, Math.toIntExact(size[0] * size[1] * Float.BYTES));
    fill(values, DataType.FP32, 1 / Math.sqrt(size[0]));
    return values.flip();
  }

  /** Allocates memory with noise, which the context owns. */
  static Pointer allocate(OneDnn dnn, DataType type, long count, double deviation) {
    Pointer memory = dnn.allocate("noise", count * type.bytes());
    fill(bytes(memory, type, count), type, deviation);
    return memory;
  }

  static ByteBuffer bytes(Pointer memory, DataType type, long count) {
    return new BytePointer(memory).capacity(count * type.bytes()).asByteBuffer();
  }

  /** Fills a buffer with noise, the same each time. */
  static void fill(ByteBuffer values, DataType type, double deviation) {
    SplittableRandom random = new SplittableRandom(SEED);
    // Uniform values over this width have that deviation.
    double width = Math.sqrt(12) * deviation;
    while (values.hasRemaining()) {
      float value = (float) ((random.nextDouble() - 0.5) * width);
      if (type == DataType.FP32) {
        values.putFloat(value);
      } else {
        values.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
      }
    }
  }
}

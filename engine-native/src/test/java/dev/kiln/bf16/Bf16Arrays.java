package dev.kiln.bf16;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.util.Random;

/** Values of bfloat16 and float32 in native memory. */
final class Bf16Arrays {
  private Bf16Arrays() {}

  static void assumeHas(Bf16Instructions instructions) {
    assumeTrue(
        Bf16Kernels.support().includes(instructions),
        "this CPU has no " + instructions + " with bfloat16");
  }

  static float widen(short value) {
    return Float.intBitsToFloat(value << 16);
  }

  /** Rounds to nearest, ties to even. */
  static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  static ByteBuffer bytes(HostBuffer buffer) {
    return buffer.slice(0, Math.toIntExact(buffer.size()));
  }

  static HostBuffer randomFloats(Random random, int count, double deviation) {
    HostBuffer buffer = HostBuffer.allocate("float32", (long) count * Float.BYTES);
    for (int i = 0; i < count; i++) {
      bytes(buffer).putFloat(i * Float.BYTES, (float) (random.nextGaussian() * deviation));
    }
    return buffer;
  }

  static HostBuffer random(Random random, int count, double deviation) {
    HostBuffer buffer = HostBuffer.allocate("bfloat16", (long) count * Short.BYTES);
    ByteBuffer values = bytes(buffer);
    for (int i = 0; i < count; i++) {
      values.putShort(i * Short.BYTES, narrow((float) (random.nextGaussian() * deviation)));
    }
    return buffer;
  }

  static float[] values(HostBuffer buffer) {
    float[] values = new float[Math.toIntExact(buffer.size() / Short.BYTES)];
    ByteBuffer from = bytes(buffer);
    for (int i = 0; i < values.length; i++) {
      values[i] = widen(from.getShort(i * Short.BYTES));
    }
    return values;
  }

  static float[] floats(HostBuffer buffer) {
    float[] values = new float[Math.toIntExact(buffer.size() / Float.BYTES)];
    bytes(buffer).asFloatBuffer().get(values);
    return values;
  }
}

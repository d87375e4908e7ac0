package dev.kiln.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.memory.HostBuffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/** Uses everything of CUDA that Kiln's bindings do, and checks what comes back. */
final class BindingScenario {
  private static final int SIDE = 16;
  private static final int DIM = 64;

  private BindingScenario() {}

  /** Runs all of it. */
  static void run() {
    assertThat(CudaGpu.architecture()).isEqualTo("sm_90");
    try (CudaGpu gpu = CudaGpu.open()) {
      assertThat(gpu.description().name()).isEqualTo("Stand-in");
      assertThat(gpu.freeBytes()).isPositive();
      try (GpuStream stream = gpu.newStream("scenario")) {
        copies(gpu, stream);
        kernels(gpu, stream);
        graphs(gpu, stream);
        product(gpu, stream);
        productsWithEpilogues(gpu, stream);
        attention(gpu, stream);
        productsWithGelu(gpu, stream);
      }
      assertThat(gpu.joules()).isPresent();
    }
    management();
  }

  private static void copies(CudaGpu gpu, GpuStream stream) {
    try (HostBuffer host = gpu.pinned("sent", 1000);
        HostBuffer back = gpu.pinned("received", 1000);
        DeviceBuffer one = gpu.allocate("one", 1000);
        DeviceBuffer two = gpu.allocate("two", 1000);
        GpuEvent done = gpu.newEvent();
        GpuEvent begin = gpu.newTimer();
        GpuEvent end = gpu.newTimer()) {
      assertThat(one.address() % 256).isZero();
      ByteBuffer bytes = host.slice(0, 1000);
      for (int i = 0; i < 1000; i++) {
        bytes.put(i, (byte) i);
      }
      stream.record(begin);
      stream.copyIn(host, 0, one, 0, 1000);
      stream.copy(one, 100, two, 100, 800);
      stream.zero(two, 200, 10);
      stream.copyOut(two, 100, back, 100, 800);
      stream.record(end);
      stream.record(done);
      try (GpuStream other = gpu.newStream("other")) {
        other.waitFor(done);
        other.synchronize();
      }
      done.synchronize();
      ByteBuffer received = back.slice(0, 1000);
      for (int i = 100; i < 900; i++) {
        assertThat(received.get(i)).isEqualTo(i >= 200 && i < 210 ? 0 : (byte) i);
      }
      assertThat(end.millisecondsSince(begin)).isPositive();
    }
  }

  private static void kernels(CudaGpu gpu, GpuStream stream) {
    try (GpuModule module =
            gpu.compile(DeviceCode.ENCODER.title(), DeviceCode.ENCODER.source(), List.of());
        HostBuffer host = gpu.pinned("rows", 4L * 4 * DIM);
        DeviceBuffer x = gpu.allocate("x", 4L * DIM);
        DeviceBuffer weight = gpu.allocate("weight", 4L * DIM);
        DeviceBuffer bias = gpu.allocate("bias", 4L * DIM);
        DeviceBuffer out = gpu.allocate("out", 4L * DIM)) {
      FloatBuffer values = host.slice(0, 16 * DIM).asFloatBuffer();
      for (int i = 0; i < DIM; i++) {
        values.put(i, i % 2 == 0 ? 1 : -1).put(DIM + i, 2).put(2 * DIM + i, i);
      }
      stream.copyIn(host, 0, x, 0, 4L * DIM);
      stream.copyIn(host, 4L * DIM, weight, 0, 4L * DIM);
      stream.copyIn(host, 8L * DIM, bias, 0, 4L * DIM);
      GpuKernel norm = module.kernel("kiln_norm_wide");
      norm.allowSharedMemory(100_000);
      stream.launch(
          norm,
          LaunchShape.of(1, 256),
          new KernelArguments()
              .pointer(x)
              .int64(DIM)
              .pointer(weight)
              .pointer(bias)
              .pointer(out)
              .int32(1)
              .int32(DIM));
      stream.copyOut(out, 0, host, 0, 4L * DIM);
      stream.synchronize();
      for (int i = 0; i < DIM; i++) {
        float expected = (i % 2 == 0 ? 2 : -2) + i;
        assertThat(values.get(i)).isCloseTo(expected, org.assertj.core.data.Offset.offset(1e-3f));
      }
    }
  }

  private static void graphs(CudaGpu gpu, GpuStream stream) {
    try (DeviceBuffer memory = gpu.allocate("captured", 64);
        HostBuffer host = gpu.pinned("captured", 64)) {
      host.slice(0, 64).put(0, (byte) 5);
      try (GpuGraph graph = stream.capture(() -> stream.zero(memory, 0, 64))) {
        stream.copyIn(host, 0, memory, 0, 64);
        stream.launch(graph);
        stream.copyOut(memory, 0, host, 0, 64);
        stream.synchronize();
        assertThat(host.slice(0, 64).get(0)).isZero();
      }
    }
  }

  private static void product(CudaGpu gpu, GpuStream stream) {
    long bytes = 2L * SIDE * SIDE;
    try (Cublas cublas = Cublas.open();
        HostBuffer host = gpu.pinned("matrices", bytes);
        DeviceBuffer a = gpu.allocate("a", bytes);
        DeviceBuffer c = gpu.allocate("c", bytes)) {
      for (int i = 0; i < SIDE * SIDE; i++) {
        // Twice the identity, in bfloat16.
        host.slice(0, (int) bytes).putShort(2 * i, (short) (i % (SIDE + 1) == 0 ? 0x4000 : 0));
      }
      stream.copyIn(host, 0, a, 0, bytes);
      cublas.product(stream, SIDE, a, a, c);
      stream.copyOut(c, 0, host, 0, bytes);
      stream.synchronize();
      assertThat(host.slice(0, (int) bytes).getShort(0)).isEqualTo((short) 0x4080);
      assertThat(host.slice(0, (int) bytes).getShort(2)).isZero();
    }
  }

  private static void productsWithEpilogues(CudaGpu gpu, GpuStream stream) {
    int rows = 3;
    int columns = 8;
    int inner = 4;
    try (CublasLt library = gpu.matrixLibrary().orElseThrow();
        HostBuffer host = gpu.pinned("matrices", 1024);
        DeviceBuffer a = gpu.allocate("a", 2L * rows * (inner + 1));
        DeviceBuffer w = gpu.allocate("w", 2L * inner * columns);
        DeviceBuffer bias = gpu.allocate("bias", 4L * columns);
        DeviceBuffer sum = gpu.allocate("sum", 4L * rows * columns);
        DeviceBuffer rounded = gpu.allocate("rounded", 2L * rows * columns)) {
      assertThat(CublasLt.description()).startsWith("cuBLASLt 13.3.0 in /");
      ByteBuffer bytes = host.slice(0, 1024);
      for (int i = 0; i < rows * (inner + 1); i++) {
        bytes.putShort(2 * i, bfloat16(i % (inner + 1)));
      }
      stream.copyIn(host, 0, a, 0, a.size());
      stream.synchronize();
      for (int i = 0; i < inner * columns; i++) {
        bytes.putShort(2 * i, bfloat16(i % columns == i / columns ? 2 : 0));
      }
      stream.copyIn(host, 0, w, 0, w.size());
      stream.synchronize();
      for (int i = 0; i < columns; i++) {
        bytes.putFloat(4 * i, 10 * i);
      }
      stream.copyIn(host, 0, bias, 0, bias.size());
      stream.zero(sum, 0, sum.size());
      GemmShape shape =
          new GemmShape(rows, columns, inner, inner + 1, columns, GemmShape.Output.ADD_WITH_BIAS);
      try (CublasLt.Product added = library.product(shape)) {
        CublasLt.Algorithm second = added.candidates(8).get(1);
        if (!added.accepts(second)) {
          throw new IllegalStateException("cublasLtMatmulAlgoCheck: refused");
        }
        added.enqueue(stream, second, a.address(), w, Optional.of(bias), sum.address());
        added.enqueue(stream, second, a.address(), w, Optional.of(bias), sum.address());
      }
      try (CublasLt.Product stored =
          library.product(
              new GemmShape(rows, columns, inner, inner + 1, columns, GemmShape.Output.STORE))) {
        stored.enqueue(
            stream,
            stored.candidates(1).get(0),
            a.address(),
            w,
            Optional.empty(),
            rounded.address());
      }
      stream.copyOut(sum, 0, host, 0, sum.size());
      stream.copyOut(rounded, 0, host, 512, rounded.size());
      stream.synchronize();
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          int at = row * columns + column;
          float product = column < inner ? 2 * column : 0;
          assertThat(bytes.getFloat(4 * at)).isEqualTo(2 * (product + 10 * column));
          assertThat(bytes.getShort(512 + 2 * at)).isEqualTo(bfloat16(product));
        }
      }
    }
  }

  /** Compares attention with the formula, in float64. */
  private static void attention(CudaGpu gpu, GpuStream stream) {
    AttentionShape shape = new AttentionShape(2, 3, 2, 8, 0.5f);
    int inner = 16;
    try (Cudnn library = gpu.fusionLibrary().orElseThrow();
        HostBuffer host = gpu.pinned("tokens", shape.inputBytes());
        DeviceBuffer qkv = gpu.allocate("qkv", shape.inputBytes());
        DeviceBuffer out = gpu.allocate("attended", shape.outputBytes());
        Cudnn.Attention attention = library.attention(shape, qkv, out).orElseThrow()) {
      assertThat(Cudnn.description()).startsWith("cuDNN 9.25.0 in /");
      int count = (int) shape.inputBytes() / 2;
      float[] values = new float[count];
      ByteBuffer bytes = host.slice(0, 2 * count);
      for (int i = 0; i < count; i++) {
        values[i] = (i * 7 % 16 - 8) / 8f;
        bytes.putShort(2 * i, bfloat16(values[i]));
      }
      stream.copyIn(host, 0, qkv, 0, qkv.size());
      attention.enqueue(stream);
      stream.copyOut(out, 0, host, 0, out.size());
      stream.synchronize();
      for (int chip = 0; chip < 2; chip++) {
        for (int token = 0; token < 3; token++) {
          for (int i = 0; i < inner; i++) {
            float found =
                Float.intBitsToFloat(bytes.getShort(2 * ((chip * 3 + token) * inner + i)) << 16);
            assertThat((double) found)
                .isCloseTo(
                    attended(values, chip, token, i), org.assertj.core.data.Offset.offset(4e-3));
          }
        }
      }
      assertThat(library.attention(new AttentionShape(1, 3, 2, 4, 1), qkv, out)).isEmpty();
    }
  }

  /** Compares both plans that the library can build with the formula, in float64. */
  private static void productsWithGelu(CudaGpu gpu, GpuStream stream) {
    int rows = 3;
    int columns = 16;
    int inner = 8;
    GemmShape shape = new GemmShape(rows, columns, inner, 16, 24, GemmShape.Output.STORE);
    try (Cudnn library = gpu.fusionLibrary().orElseThrow();
        HostBuffer host = gpu.pinned("matrices", 1024);
        DeviceBuffer a = gpu.allocate("a", 2L * rows * 16);
        DeviceBuffer w = gpu.allocate("w", 2L * inner * columns);
        DeviceBuffer bias = gpu.allocate("bias", 4L * columns);
        DeviceBuffer out = gpu.allocate("out", 2L * rows * 24);
        GeluProduct product = library.geluProduct(shape, 2).orElseThrow()) {
      assertThat(product.plans()).isEqualTo(2);
      assertThat(product.workspaceBytes()).isPositive();
      ByteBuffer bytes = host.slice(0, 1024);
      for (int i = 0; i < inner * columns; i++) {
        bytes.putShort(2 * i, bfloat16((i * 7 % 16 - 8) / 8f));
      }
      stream.copyIn(host, 0, w, 0, w.size());
      // As rows of 16, of which the first 8 numbers are the matrix.
      stream.copyIn(host, 0, a, 0, a.size());
      stream.synchronize();
      for (int i = 0; i < columns; i++) {
        bytes.putFloat(4 * i, i / 8f - 1);
      }
      stream.copyIn(host, 0, bias, 0, bias.size());
      stream.synchronize();
      for (int plan = 0; plan < 2; plan++) {
        stream.zero(out, 0, out.size());
        product.enqueue(stream, plan, a.address(), w, bias, out.address());
        stream.copyOut(out, 0, host, 0, out.size());
        stream.synchronize();
        for (int row = 0; row < rows; row++) {
          for (int column = 0; column < columns; column++) {
            double sum = column / 8.0 - 1;
            for (int k = 0; k < inner; k++) {
              sum +=
                  ((row * 16 + k) * 7 % 16 - 8)
                      / 8.0
                      * (((k * columns + column) * 7 % 16 - 8) / 8.0);
            }
            double expected = 0.5 * sum * (1 + erf(sum / Math.sqrt(2)));
            float found = Float.intBitsToFloat(bytes.getShort(2 * (row * 24 + column)) << 16);
            assertThat((double) found)
                .isCloseTo(expected, org.assertj.core.data.Offset.offset(0.02));
          }
        }
      }
      GemmShape odd = new GemmShape(rows, 12, inner, 16, 24, GemmShape.Output.STORE);
      assertThat(library.geluProduct(odd, 2)).isEmpty();
    }
  }

  /** The error function by its series. */
  private static double erf(double x) {
    if (Math.abs(x) > 5) {
      return Math.signum(x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; n < 200; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  /** Value {@code i} of a token of two heads of 8, with three tokens per chip. */
  private static double attended(float[] qkv, int chip, int token, int i) {
    int head = i / 8 * 8;
    double[] weight = new double[3];
    double sum = 0;
    for (int other = 0; other < 3; other++) {
      double score = 0;
      for (int d = head; d < head + 8; d++) {
        score += qkv[(chip * 3 + token) * 48 + d] * qkv[(chip * 3 + other) * 48 + 16 + d];
      }
      weight[other] = Math.exp(0.5 * score);
      sum += weight[other];
    }
    double result = 0;
    for (int other = 0; other < 3; other++) {
      result += weight[other] / sum * qkv[(chip * 3 + other) * 48 + 32 + i];
    }
    return result;
  }

  /** Of a number that is exact in bfloat16. */
  private static short bfloat16(float value) {
    return (short) (Float.floatToRawIntBits(value) >>> 16);
  }

  private static void management() {
    try (Nvml nvml = Nvml.open()) {
      assertThat(nvml.driver()).isEqualTo("580.00.stand-in");
      assertThat(nvml.busyShare()).isEqualTo(0.75);
      assertThat(nvml.joules()).isPositive();
    }
  }
}

package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuKernel;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.GoldenChips;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.tensorrt.Engine;
import dev.kiln.tensorrt.FakeEngine;
import dev.kiln.tensorrt.Plan;
import dev.kiln.tensorrt.PlanCompiler;
import dev.kiln.tensorrt.PlanDescription;
import dev.kiln.tensorrt.PlanKey;
import dev.kiln.tensorrt.PlanStore;
import dev.kiln.testing.Distance;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares everything on the GPU but TensorRT itself with the published encoder: strips, patch rows
 * in bfloat16, slots, streams and CUDA graphs. The exported graph in ONNX Runtime replaces the
 * plan.
 */
@Timeout(600)
class TensorRtGoldenTest {
  /** Maximum relative L2 error of bfloat16. */
  private static final double TOLERANCE = 1e-2;

  private static final Path MICRO = Path.of("../model-export/src/test/resources/golden/micro");

  @TempDir Path temp;

  @Test
  void microCasesAgree() throws Exception {
    assertThat(check(MICRO, MICRO.resolve("clay-micro.ckpt"))).isEqualTo(4);
  }

  @Test
  void tinyCasesAgree() throws Exception {
    Path golden = Path.of(System.getProperty("kiln.shared"), "golden");
    Path checkpoint = golden.resolve("clay-tiny.ckpt");
    assumeTrue(Files.exists(checkpoint), "no golden checkpoint at " + checkpoint);
    assertThat(check(golden, checkpoint)).isEqualTo(7);
  }

  private int check(Path golden, Path checkpoint) throws Exception {
    List<GoldenChips> cases = GoldenChips.under(golden);
    ModelDirectory model = GoldenChips.export(checkpoint, cases, temp.resolve("model"));
    for (GoldenChips chips : cases) {
      FakeGpu gpu = new FakeGpu();
      try (Encoder encoder =
          TensorRtEncoder.open(
              gpu,
              model.encoder(chips.platform(), chips.chip()),
              OptionalInt.of(chips.count()),
              DataType.BF16,
              backend(model))) {
        BatchSlot slot = encoder.newSlot();
        int[] all = IntStream.range(0, chips.count()).toArray();
        float[] expected = chips.embeddings().values();
        // The second batch is captured and the third replayed.
        for (int batch = 0; batch < 3; batch++) {
          float[] got = chips.encode(slot, all);
          int dim = got.length / chips.count();
          for (int chip : all) {
            assertThat(Distance.relative(got, expected, chip * dim, dim))
                .as("%s, chip %d", chips.name(), chip)
                .isLessThan(TOLERANCE);
          }
        }
        assertThat(gpu.log()).contains("compute: graph");
      }
      assertThat(gpu.leaked()).isEmpty();
    }
    return cases.size();
  }

  private TensorRtEncoder.Backend backend(ModelDirectory model) {
    return new TensorRtEncoder.Backend() {
      @Override
      public String version() {
        return "0";
      }

      @Override
      public Plan compile(Gpu gpu, ExportedEncoder of, PlanCompiler.Options options) {
        return FakeEngine.plan(
            new PlanStore(of.model()),
            PlanKey.of(of, options.precision(), options.batchSize(), version(), gpu.description()));
      }

      @Override
      public Engine load(Gpu gpu, Plan plan) {
        return new GraphEngine(gpu, plan.description(), model);
      }
    };
  }

  /** The exported graph in ONNX Runtime, as a kernel of the fake device. */
  private static final class GraphEngine implements Engine {
    private final PlanDescription description;
    private final OrtSession session;
    private final GpuModule module;
    private final GpuKernel kernel;
    private final int tokens;
    private final int row;
    private final int dim;

    GraphEngine(Gpu gpu, PlanDescription description, ModelDirectory model) {
      this.description = description;
      PlanKey key = description.key();
      this.tokens = key.chipSize() / 8 * (key.chipSize() / 8);
      this.row = model.platform(key.platform()).bands().size() * 64;
      this.dim = model.architecture().dim();
      try {
        this.session =
            OrtEnvironment.getEnvironment()
                .createSession(
                    model.graph(key.platform(), key.chipSize()).toString(),
                    new OrtSession.SessionOptions());
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
      ((FakeGpu) gpu).define("graph", this::run);
      this.module = gpu.load("graph", new byte[0]);
      this.kernel = module.kernel("graph");
    }

    private void run(LaunchShape shape, long[] a) {
      int chips = shape.blocksX();
      ShortBuffer bits = FakeGpu.bytes(a[0], chips * tokens * row * 2).asShortBuffer();
      float[] patches = new float[chips * tokens * row];
      for (int i = 0; i < patches.length; i++) {
        patches[i] = Float.intBitsToFloat(bits.get(i) << 16);
      }
      try (OnnxTensor rows = tensor(FloatBuffer.wrap(patches), chips, tokens, row);
          OnnxTensor time = tensor(floats(a[1], chips * 4), chips, 4);
          OnnxTensor latlon = tensor(floats(a[2], chips * 4), chips, 4);
          OnnxTensor gsd = tensor(floats(a[3], 1), 1);
          OrtSession.Result result =
              session.run(Map.of("patches", rows, "time", time, "latlon", latlon, "gsd", gsd))) {
        FloatBuffer embeddings = ((OnnxTensor) result.get(0)).getFloatBuffer();
        floats(a[4], chips * dim).put(embeddings);
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }

    private static FloatBuffer floats(long address, int count) {
      return FakeGpu.bytes(address, count * Float.BYTES).asFloatBuffer();
    }

    private static OnnxTensor tensor(FloatBuffer values, long... shape) throws OrtException {
      return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, shape);
    }

    @Override
    public PlanDescription description() {
      return description;
    }

    @Override
    public long activationBytes() {
      return 0;
    }

    @Override
    public Execution prepare(int batch, Tensors tensors, DeviceBuffer activations) {
      return new Execution() {
        @Override
        public void enqueue(GpuStream stream) {
          stream.launch(
              kernel,
              LaunchShape.of(batch, 32),
              new KernelArguments()
                  .pointer(tensors.patches())
                  .pointer(tensors.time())
                  .pointer(tensors.latlon())
                  .pointer(tensors.gsd())
                  .pointer(tensors.embedding()));
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      module.close();
      try {
        session.close();
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.error.ConfigurationException;
import dev.kiln.export.Exporter;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.TestStrips;
import dev.kiln.memory.Strip;
import dev.kiln.model.ExportedEncoder;
import dev.kiln.model.ModelDirectory;
import dev.kiln.platform.PlatformCatalog;
import dev.kiln.tensorrt.Engine;
import dev.kiln.tensorrt.FakeEngine;
import dev.kiln.tensorrt.Plan;
import dev.kiln.tensorrt.PlanCompiler;
import dev.kiln.tensorrt.PlanKey;
import dev.kiln.tensorrt.PlanStore;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Selection and compilation of plans. */
class TensorRtEncoderTest {
  private static final Path MICRO =
      Path.of("../model-export/src/test/resources/golden/micro/clay-micro.ckpt");

  @TempDir Path temp;
  private final FakeGpu gpu = new FakeGpu();
  private final List<String> done = new ArrayList<>();
  private String version = "11.2.1.2";
  private RuntimeException failure;
  private FakeEngine engine;
  private ModelDirectory model;

  @BeforeEach
  void export() {
    model =
        Exporter.export(
            MICRO,
            new Exporter.Options(
                List.of(PlatformCatalog.builtIn().get("naip")), List.of(64), false, false),
            temp.resolve("model"));
  }

  private final TensorRtEncoder.Backend backend =
      new TensorRtEncoder.Backend() {
        @Override
        public String version() {
          return version;
        }

        @Override
        public Plan compile(Gpu device, ExportedEncoder of, PlanCompiler.Options options) {
          if (failure != null) {
            throw failure;
          }
          done.add("compile " + options);
          return FakeEngine.plan(
              new PlanStore(of.model()),
              PlanKey.of(
                  of, options.precision(), options.batchSize(), version, device.description()));
        }

        @Override
        public Engine load(Gpu device, Plan plan) {
          if (failure != null) {
            throw failure;
          }
          done.add("load " + plan.file().getFileName());
          engine = new FakeEngine(device, plan.description(), 64 * 4 * 64);
          return engine;
        }
      };

  private Encoder open(FakeGpu device, int batchSize, DataType precision) {
    return TensorRtEncoder.open(
        device, model.encoder("naip", 64), OptionalInt.of(batchSize), precision, backend);
  }

  @Test
  void compilesOnceAndThenLoads() {
    try (Encoder encoder =
        TensorRtEncoder.open(
            gpu, model.encoder("naip", 64), OptionalInt.empty(), DataType.BF16, backend)) {
      assertThat(encoder.description().toString())
          .isEqualTo("tensorrt bf16 on Fake, TensorRT 11.2.1.2, batch 64");
      encoder.newSlot();
    }
    assertThat(done).hasSize(2);
    assertThat(done.get(0)).startsWith("compile").contains("batchSize=64", "BF16");
    assertThat(gpu.leaked()).isEmpty();

    done.clear();
    open(new FakeGpu(), 64, DataType.BF16).close();
    assertThat(done).singleElement().asString().startsWith("load naip-64-bf16-batch64-sm90");
  }

  @Test
  void otherPlanIsNotChanged() {
    open(new FakeGpu(), 8, DataType.BF16).close();
    open(new FakeGpu(), 8, DataType.FP16).close();
    open(new FakeGpu(), 16, DataType.BF16).close();
    version = "11.3.0.1";
    open(new FakeGpu(), 8, DataType.BF16).close();
    assertThat(done).filteredOn(line -> line.startsWith("compile")).hasSize(4);
    done.clear();
    version = "11.2.1.2";
    open(new FakeGpu(), 8, DataType.FP16).close();
    assertThat(done).singleElement().asString().startsWith("load naip-64-fp16-batch8");
  }

  /** An unusable file in place of the plan is left for the user to examine, not replaced. */
  @Test
  void damagedPlanIsRejected() throws Exception {
    open(new FakeGpu(), 8, DataType.BF16).close();
    try (var files = Files.newDirectoryStream(temp.resolve("model/plans"), "*.plan")) {
      Files.write(files.iterator().next(), new byte[5]);
    }
    done.clear();
    assertThatThrownBy(() -> open(gpu, 8, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("expected 1 bytes, found 5", "kiln compile");
    assertThat(done).isEmpty();
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void failedCompilationIsReported() {
    failure = new TensorRtException("compiling failed", "no kernel for this");
    assertThatThrownBy(() -> open(gpu, 8, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("no kernel for this", "--encoder cuda or cpu");
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void failedLoadingIsReported() {
    open(new FakeGpu(), 8, DataType.BF16).close();
    failure = new TensorRtException("plan", "bad magic");
    assertThatThrownBy(() -> open(gpu, 8, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("bad magic", "kiln compile");
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void rejectsUnsupportedPrecisions() {
    assertThatThrownBy(() -> open(new FakeGpu(), 8, DataType.FP32))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("--precision fp32");
    assertThat(done).isEmpty();
  }

  /**
   * TensorRT's error for a batch reaches the thread that waits for it, and the slot can be reused.
   */
  @Test
  void failedBatchIsReported() throws Exception {
    try (Encoder encoder = open(gpu, 2, DataType.BF16);
        Strip strip =
            TestStrips.noise(TestStrips.naip(), 64, 0, 64, 0, 0, 0, 1, encoder.hostMemory())) {
      BatchSlot slot = encoder.newSlot();
      engine.fail(1);
      slot.put(strip, 0, 0, new float[4], new float[4]);
      slot.start(1);
      assertThatThrownBy(slot::await)
          .isInstanceOf(EncoderException.class)
          .hasMessageContainingAll("batch of 1 failed in tensorrt", "told to fail");
      slot.clear();
      slot.put(strip, 0, 0, new float[] {1, 2, 3, 4}, new float[4]);
      slot.start(0.5f);
      FloatBuffer embedding = slot.await();
      assertThat(embedding.get(1)).isEqualTo(10);
      assertThat(embedding.get(3)).isEqualTo(0.5f);
      slot.clear();
    }
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void tooLittleMemoryIsReported() {
    open(new FakeGpu(), 8, DataType.BF16).close();
    gpu.memory(100);
    assertThatThrownBy(() -> open(gpu, 8, DataType.BF16))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("--batch");
    assertThat(gpu.leaked()).isEmpty();
  }
}

package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.DeviceMemoryException;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuStream;
import dev.kiln.tensorrt.FakeEngine;
import dev.kiln.tensorrt.PlanKey;
import dev.kiln.tensorrt.TensorRtException;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Capture of batch sizes as CUDA graphs, and the order of execution. */
class TensorRtForwardPassTest {
  private static final int BATCH = 12;
  private static final int NUMBERS = 8;

  private final FakeGpu gpu = new FakeGpu();
  private final FakeEngine engine = engine(DataType.BF16);
  private final GpuStream compute = gpu.newStream("compute");

  private FakeEngine engine(DataType precision) {
    PlanKey key =
        new PlanKey("model", "graph", "11.2", "Fake", "sm_90", precision, BATCH, "naip", 256);
    return new FakeEngine(gpu, FakeEngine.description(key), NUMBERS);
  }

  private SlotBuffers slot(int capacity) {
    return new SlotBuffers(
        capacity,
        gpu.allocate("patches", capacity * NUMBERS * 2L),
        gpu.allocate("time", capacity * 16L),
        gpu.allocate("latlon", capacity * 16L),
        gpu.allocate("gsd", 4),
        gpu.allocate("embedding", capacity * FakeEngine.DIM * 4L));
  }

  private static void fill(SlotBuffers slot, float first) {
    // The upper half of a float is its bfloat16.
    FakeGpu.bytes(slot.patches().address(), 2)
        .putShort(0, (short) (Float.floatToRawIntBits(first) >>> 16));
    floats(slot.time()).put(0, new float[] {1, 2, 3, 4});
    floats(slot.latlon()).put(0, new float[] {5, 6, 7, 8});
    floats(slot.gsd()).put(0, 0.5f);
  }

  private static FloatBuffer floats(DeviceBuffer buffer) {
    return FakeGpu.bytes(buffer.address(), (int) buffer.size()).asFloatBuffer();
  }

  private float[] embedding(SlotBuffers slot) {
    compute.synchronize();
    float[] first = new float[FakeEngine.DIM];
    floats(slot.embedding()).get(0, first);
    return first;
  }

  /** The second batch of a size is captured, the third replays it, and all have the same result. */
  @Test
  void capturesRepeatedSizes() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      SlotBuffers slot = slot(BATCH);
      try (DeviceForwardPass.Binding binding = program.bind(slot)) {
        for (int batch = 0; batch < 4; batch++) {
          fill(slot, 2 + batch);
          binding.enqueue(compute, BATCH);
          assertThat(embedding(slot)).containsExactly(2 + batch, 10, 26, 0.5f);
        }
        assertThat(engine.notes()).containsExactly("prepare 12", "enqueue 12", "enqueue 12");
        assertThat(gpu.log()).filteredOn("compute: graph"::equals).hasSize(3);
      }
    }
    assertThat(engine.notes()).endsWith("close 12", "close engine");
  }

  @Test
  void eachSlotHasItsOwnExecutions() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      SlotBuffers one = slot(BATCH);
      SlotBuffers two = slot(BATCH);
      try (DeviceForwardPass.Binding first = program.bind(one);
          DeviceForwardPass.Binding second = program.bind(two)) {
        for (int batch = 0; batch < 3; batch++) {
          fill(one, 1);
          fill(two, 2);
          first.enqueue(compute, BATCH);
          second.enqueue(compute, BATCH);
          assertThat(embedding(one)[0]).isEqualTo(1);
          assertThat(embedding(two)[0]).isEqualTo(2);
        }
      }
      // Activations exist once.
      assertThat(gpu.live()).filteredOn("device activations of a batch"::equals).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "3, 4", "4, 4", "5, 8", "8, 8", "9, 12", "12, 12"})
  void sizesAreRoundedUp(int size, int runs) {
    assertThat(TensorRtForwardPass.rounded(size, BATCH)).isEqualTo(runs);
  }

  @Test
  void partialBatchIsComputed() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      SlotBuffers slot = slot(BATCH);
      try (DeviceForwardPass.Binding binding = program.bind(slot)) {
        fill(slot, 3);
        binding.enqueue(compute, 3);
        binding.enqueue(compute, 4);
        assertThat(embedding(slot)[0]).isEqualTo(3);
      }
    }
    assertThat(engine.notes())
        .startsWith("prepare 12", "prepare 4", "enqueue 4", "enqueue 4")
        .endsWith("close engine");
  }

  /** Some plans cannot be captured; they run without capture, which is not attempted again. */
  @Test
  void planThatCannotBeCapturedRunsWithoutGraphs() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      SlotBuffers slot = slot(BATCH);
      try (DeviceForwardPass.Binding binding = program.bind(slot)) {
        engine.fail(2);
        for (int batch = 0; batch < 4; batch++) {
          fill(slot, 4 + batch);
          binding.enqueue(compute, BATCH);
          assertThat(embedding(slot)[0]).isEqualTo(4 + batch);
        }
      }
    }
    assertThat(gpu.log()).doesNotContain("compute: graph");
    assertThat(engine.notes()).filteredOn("enqueue 12"::equals).hasSize(5);
  }

  @Test
  void failedBatchIsReported() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      try (DeviceForwardPass.Binding binding = program.bind(slot(BATCH))) {
        engine.fail(1);
        assertThatThrownBy(() -> binding.enqueue(compute, BATCH))
            .isInstanceOf(TensorRtException.class)
            .hasMessageContainingAll("batch of 12", "told to fail");
      }
    }
    assertThat(engine.notes()).endsWith("close 12", "close engine");
  }

  @Test
  void tooLittleMemoryForActivationsIsReported() {
    gpu.memory(1000);
    engine.activations(2000);
    assertThatThrownBy(() -> new TensorRtForwardPass(gpu, engine))
        .isInstanceOf(DeviceMemoryException.class)
        .hasMessageContaining("activations");
    assertThat(engine.notes()).containsExactly("close engine");
  }

  @Test
  void canBeClosedTwiceAndLeaksNothing() {
    engine.activations(0);
    TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine);
    program.close();
    program.close();
    compute.close();
    assertThat(engine.notes()).containsExactly("close engine");
    assertThat(gpu.live()).isEqualTo(List.of());
  }

  @Test
  void reportsTheTypeOfPatchRows() {
    try (TensorRtForwardPass bf16 = new TensorRtForwardPass(gpu, engine);
        TensorRtForwardPass fp16 = new TensorRtForwardPass(gpu, engine(DataType.FP16))) {
      assertThat(bf16.patchType()).isEqualTo(DataType.BF16);
      assertThat(fp16.patchType()).isEqualTo(DataType.FP16);
    }
  }

  @Test
  void slotLargerThanThePlanIsRejected() {
    try (TensorRtForwardPass program = new TensorRtForwardPass(gpu, engine)) {
      assertThatThrownBy(() -> program.bind(slot(BATCH + 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("13", "12");
    }
  }
}

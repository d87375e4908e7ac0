package dev.kiln.infer.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.DeviceBuffer;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuEvent;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.error.ConfigurationException;
import dev.kiln.error.MachineException;
import dev.kiln.infer.BatchSlot;
import dev.kiln.infer.Encoder;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.EncoderException;
import dev.kiln.infer.Patchify;
import dev.kiln.infer.TestStrips;
import dev.kiln.memory.BufferPool;
import dev.kiln.memory.HostBuffer;
import dev.kiln.memory.Strip;
import dev.kiln.platform.Platform;
import dev.kiln.testing.OneKernelPass;
import dev.kiln.type.DataType;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Slots, strips and streams on a device that works as late as it may. The program sums its inputs,
 * so that each input of each chip can be distinguished.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DeviceEncoderTest {
  private static final int CHIP = 16;
  private static final int DIM = 4;
  private static final int CHIPS_IN_STRIP = 5;
  private static final Platform PLATFORM = TestStrips.platform(4);
  private static final Patchify ROWS = new Patchify(PLATFORM, CHIP);

  /** {@code [sum of the patches, time · 1..4, location · 1..4, gsd]}. */
  private static float[] embedding(
      FloatBuffer patches, FloatBuffer time, FloatBuffer at, float gsd) {
    double sum = 0;
    for (int i = 0; i < ROWS.chipLength(); i++) {
      sum += patches.get(i) * (1 + i % 7);
    }
    float[] out = {(float) sum, 0, 0, gsd};
    for (int i = 0; i < 4; i++) {
      out[1] += time.get(i) * (i + 1);
      out[2] += at.get(i) * (i + 1);
    }
    return out;
  }

  private static void sum(LaunchShape shape, long[] a) {
    int size = shape.blocksX();
    FloatBuffer patches = floats(a[0], size * ROWS.chipLength());
    FloatBuffer times = floats(a[1], size * 4);
    FloatBuffer places = floats(a[2], size * 4);
    FloatBuffer out = floats(a[4], size * DIM);
    for (int i = 0; i < size; i++) {
      out.put(
          i * DIM,
          embedding(
              patches.slice(i * ROWS.chipLength(), ROWS.chipLength()),
              times.slice(i * 4, 4),
              places.slice(i * 4, 4),
              floats(a[3], 1).get(0)));
    }
  }

  private static FloatBuffer floats(long address, int count) {
    return FakeGpu.bytes(address, count * Float.BYTES).asFloatBuffer();
  }

  private static FakeGpu device() {
    FakeGpu gpu = new FakeGpu();
    gpu.define("sum", DeviceEncoderTest::sum);
    return gpu;
  }

  private static DeviceEncoder encoder(FakeGpu gpu, int batch) {
    return new DeviceEncoder(
        gpu,
        PLATFORM,
        new EncoderDescription("fake", "a fake device", DataType.FP32, DIM, CHIP, batch),
        fake -> new OneKernelPass(fake, "sum", DataType.FP32));
  }

  private static Strip strip(int number, BufferPool pool) {
    return TestStrips.noise(
        TestStrips.naip(), CHIPS_IN_STRIP * CHIP, number * CHIP, CHIP, 0, 0, 0, number, pool::take);
  }

  private static float[] numbers(int chip) {
    return new float[] {chip, chip * 0.5f, -chip, 1};
  }

  /** A batch that is computing, and its expected result. */
  private record Batch(BatchSlot slot, List<float[]> expected, List<Runnable> onClear) {
    /** Checks the result; strips are released as in a run. */
    void finish() throws EncoderException, InterruptedException {
      try {
        FloatBuffer found = slot.await();
        assertThat(found.remaining()).isEqualTo(expected.size() * DIM);
        for (int i = 0; i < expected.size(); i++) {
          float[] one = new float[DIM];
          found.get(i * DIM, one);
          assertThat(one).as("chip %d of the batch", i).isEqualTo(expected.get(i));
        }
      } finally {
        slot.clear();
        onClear.forEach(Runnable::run);
        onClear.clear();
        expected.clear();
      }
    }
  }

  /** Encodes the chips of strips as a run does; returns the number of failed batches. */
  private static int embed(Encoder encoder, int slots, int strips) throws InterruptedException {
    int failed = 0;
    try (BufferPool pool = new BufferPool(encoder.hostMemory())) {
      Deque<Batch> free = new ArrayDeque<>();
      for (int i = 0; i < slots; i++) {
        free.add(new Batch(encoder.newSlot(), new ArrayList<>(), new ArrayList<>()));
      }
      Deque<Batch> computing = new ArrayDeque<>();
      Batch open = free.remove();
      int number = 0;
      for (int s = 0; s < strips; s++) {
        Strip strip = strip(s, pool);
        int[] pending = {CHIPS_IN_STRIP};
        for (int c = 0; c < CHIPS_IN_STRIP; c++) {
          FloatBuffer patches = FloatBuffer.allocate(ROWS.chipLength());
          ROWS.write(strip, c * CHIP, s * CHIP, patches, 0);
          float[] time = numbers(number);
          float[] place = numbers(1000 - number);
          open.expected()
              .add(embedding(patches, FloatBuffer.wrap(time), FloatBuffer.wrap(place), 0.6f));
          open.slot().put(strip, c * CHIP, s * CHIP, time, place);
          open.onClear()
              .add(
                  () -> {
                    pending[0]--;
                    if (pending[0] == 0) {
                      strip.close();
                    }
                  });
          number++;
          if (open.slot().size() == open.slot().capacity() || number == strips * CHIPS_IN_STRIP) {
            open.slot().start(0.6f);
            computing.add(open);
            if (free.isEmpty() || number == strips * CHIPS_IN_STRIP) {
              do {
                Batch done = computing.remove();
                failed += finish(done);
                free.add(done);
              } while (number == strips * CHIPS_IN_STRIP && !computing.isEmpty());
            }
            open = free.remove();
          }
        }
      }
    }
    return failed;
  }

  private static int finish(Batch batch) throws InterruptedException {
    try {
      batch.finish();
      return 0;
    } catch (EncoderException e) {
      assertThat(e.getCause()).isInstanceOf(CudaException.class);
      return 1;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7, 64})
  void resultsAreCorrect(int batch) throws InterruptedException {
    for (int slots = 1; slots <= 3; slots++) {
      FakeGpu gpu = device();
      try (DeviceEncoder encoder = encoder(gpu, batch)) {
        assertThat(embed(encoder, slots, 9)).isZero();

        assertThat(gpu.log()).filteredOn(s -> s.equals("upload: copy to strip")).hasSize(9);
      }
      assertThat(gpu.leaked()).isEmpty();
      assertThat(gpu.live()).isEmpty();
    }
  }

  @Test
  void memoryOfStripsIsReused() throws InterruptedException {
    FakeGpu gpu = device();
    try (DeviceEncoder encoder = encoder(gpu, 4)) {
      int failed = embed(encoder, 3, 30);

      assertThat(failed).isZero();
      assertThat(gpu.live()).filteredOn(s -> s.equals("device strip")).hasSizeLessThanOrEqualTo(5);
      assertThat(encoder.strips().held()).isEqualTo(1);
    }
  }

  @Test
  void fakeDeviceShowsAMissingWait() {
    try (FakeGpu gpu = device();
        GpuStream upload = gpu.newStream("upload");
        GpuStream compute = gpu.newStream("compute");
        GpuEvent event = gpu.newEvent();
        HostBuffer from = gpu.pinned("in", 8);
        HostBuffer to = gpu.pinned("out", 8);
        DeviceBuffer memory = gpu.allocate("memory", 8)) {
      from.slice(0, 8).putLong(0, 42);
      upload.copyIn(from, 0, memory, 0, 8);
      upload.record(event);
      compute.copyOut(memory, 0, to, 0, 8);
      compute.synchronize();
      assertThat(to.slice(0, 8).getLong(0)).isNotEqualTo(42);

      compute.waitFor(event);
      compute.copyOut(memory, 0, to, 0, 8);
      compute.synchronize();
      assertThat(to.slice(0, 8).getLong(0)).isEqualTo(42);
    }
  }

  @Test
  void anyFailedCallLeaksNothing() throws InterruptedException {
    FakeGpu whole = device();
    int toClose;
    try (DeviceEncoder encoder = encoder(whole, 4)) {
      embed(encoder, 2, 4);
      toClose = whole.calls();
    }
    assertThat(toClose).isGreaterThan(100);
    for (int n = 1; n <= whole.calls(); n++) {
      FakeGpu gpu = device();
      gpu.failCall(n);
      int failures;
      try (DeviceEncoder encoder = encoder(gpu, 4)) {
        failures = embed(encoder, 2, 4);
      } catch (CudaException | MachineException e) {
        assertThat(e).hasMessageContaining("told to fail");
        failures = 1;
      }
      assertThat(failures).as("failures when call %d fails", n).isEqualTo(n <= toClose ? 1 : 0);
      assertThat(gpu.leaked()).as("call %d", n).isEmpty();
    }
  }

  @Test
  void noBatchAfterFailedWorkIsAccepted() throws InterruptedException {
    FakeGpu whole = device();
    try (DeviceEncoder encoder = encoder(whole, 4)) {
      embed(encoder, 2, 4);
    }
    for (int n = 1; n <= whole.log().size(); n++) {
      FakeGpu gpu = device();
      gpu.failWork(n);
      try (DeviceEncoder encoder = encoder(gpu, 4)) {
        assertThat(embed(encoder, 2, 4)).as("work %d", n).isBetween(1, 5);
      } catch (MachineException e) {
        // Memory for strips was requested after the device had failed.
        assertThat(e).hasMessageContaining("cudaHostAlloc");
      }
      assertThat(gpu.leaked()).as("work %d", n).isEmpty();
    }
  }

  @Test
  void errorForAnOversizedSlotNamesBatchAndSlots() {
    FakeGpu gpu = device();
    gpu.memory(200_000);
    try (DeviceEncoder encoder = encoder(gpu, 32)) {
      encoder.newSlot();
      List<String> before = gpu.live();

      assertThatThrownBy(encoder::newSlot)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("a fake device: patches of a batch")
          .hasMessageEndingWith("with 1 slot of batches of 32; lower --batch or --slots");
      assertThat(gpu.live()).isEqualTo(before);
    }
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void errorForAnOversizedStripNamesBatchAndSlots() {
    FakeGpu gpu = device();
    gpu.memory(300_000);
    try (DeviceEncoder encoder = encoder(gpu, 2);
        BufferPool pool = new BufferPool(encoder.hostMemory());
        Strip strip = strip(0, pool)) {
      BatchSlot slot = encoder.newSlot();

      assertThatThrownBy(() -> slot.put(strip, 0, 0, numbers(0), numbers(0)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("strip: ")
          .hasMessageEndingWith("lower --batch or --slots");
    }
    assertThat(gpu.leaked()).isEmpty();
    assertThat(gpu.live()).isEmpty();
  }

  @Test
  void oversizedProgramIsReported() {
    FakeGpu gpu = device();
    gpu.memory(500);

    assertThatThrownBy(() -> encoder(gpu, 2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("weights: ");
    assertThat(gpu.leaked()).isEmpty();
  }

  @Test
  void rejectsAnyOtherOrder() throws EncoderException, InterruptedException {
    FakeGpu gpu = device();
    try (DeviceEncoder encoder = encoder(gpu, 1);
        BufferPool pool = new BufferPool(encoder.hostMemory());
        Strip strip = strip(0, pool)) {
      BatchSlot slot = encoder.newSlot();
      assertThatThrownBy(() -> slot.start(1)).hasMessage("slot is empty");
      assertThatThrownBy(slot::await).hasMessage("slot was not started");
      slot.put(strip, 0, 0, numbers(0), numbers(0));
      assertThatThrownBy(() -> slot.put(strip, 0, 0, numbers(0), numbers(0)))
          .hasMessage("slot is full");
      slot.start(1);
      assertThatThrownBy(slot::clear).hasMessage("slot is computing");
      assertThatThrownBy(() -> slot.start(1)).hasMessage("slot is started");
      slot.await();
      slot.clear();
      assertThat(slot.size()).isZero();
      slot.clear();
    }
  }

  @Test
  void slotThatWasNeverStartedCanBeCleared() throws InterruptedException {
    FakeGpu gpu = device();
    try (DeviceEncoder encoder = encoder(gpu, 4)) {
      try (BufferPool pool = new BufferPool(encoder.hostMemory())) {
        BatchSlot slot = encoder.newSlot();
        try (Strip strip = strip(0, pool)) {
          slot.put(strip, 0, 0, numbers(0), numbers(0));
          slot.clear();
          assertThat(gpu.log()).contains("upload: copy to strip");
        }
      }
      assertThat(embed(encoder, 2, 4)).isZero();
    }
  }

  @Test
  void canBeClosedTwiceAndThenRejectsUse() {
    FakeGpu gpu = device();
    DeviceEncoder encoder = encoder(gpu, 2);
    BatchSlot slot = encoder.newSlot();

    encoder.close();
    encoder.close();

    assertThatThrownBy(encoder::newSlot).hasMessage("fake: used after close");
    assertThatThrownBy(slot::await).hasMessage("slot: used after close");
    assertThat(gpu.live()).isEmpty();
  }

  @Test
  void stripsAreInPinnedMemory() {
    FakeGpu gpu = device();
    try (DeviceEncoder encoder = encoder(gpu, 2);
        BufferPool pool = new BufferPool(encoder.hostMemory());
        Strip strip = strip(0, pool)) {
      assertThat(strip.pixels().size()).isPositive();
      assertThat(gpu.live()).contains("pinned strip");
    }
    assertThat(gpu.live()).isEmpty();
  }
}

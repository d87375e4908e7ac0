package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.Gpu;
import dev.kiln.cuda.GpuModule;
import dev.kiln.cuda.GpuStream;
import dev.kiln.cuda.KernelArguments;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.error.ExitCode;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.gpu.DeviceEncoder;
import dev.kiln.infer.gpu.DeviceForwardPass;
import dev.kiln.infer.gpu.SlotBuffers;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs whose encoder is on a device, which does its work as late as it may. */
@Timeout(120)
class DeviceRunTest {
  private static final int DIM = 3;
  private static final int PATCH_NUMBERS = 32 * 32 * 4 * 64;

  @TempDir Path folder;

  /** Embeds a chip as a checksum of its patch rows, its location and its gsd. */
  private static final class ChecksumProgram implements DeviceForwardPass {
    private final GpuModule module;

    ChecksumProgram(Gpu gpu) {
      this.module = gpu.load("checksums", new byte[0]);
    }

    @Override
    public DataType patchType() {
      return DataType.BF16;
    }

    @Override
    public long weightBytes() {
      return 0;
    }

    @Override
    public long activationBytes() {
      return 0;
    }

    @Override
    public Binding bind(SlotBuffers slot) {
      return new Binding() {
        @Override
        public void enqueue(GpuStream compute, int size) {
          compute.launch(
              module.kernel("checksum"),
              LaunchShape.of(size, 1),
              new KernelArguments()
                  .pointer(slot.patches())
                  .pointer(slot.latlon())
                  .pointer(slot.gsd())
                  .pointer(slot.embedding()));
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      module.close();
    }

    static void checksum(LaunchShape shape, long[] a) {
      int size = shape.blocksX();
      ByteBuffer patches = FakeGpu.bytes(a[0], size * PATCH_NUMBERS * 2);
      FloatBuffer places = FakeGpu.bytes(a[1], size * 16).asFloatBuffer();
      FloatBuffer out = FakeGpu.bytes(a[3], size * DIM * 4).asFloatBuffer();
      for (int i = 0; i < size; i++) {
        int hash = patches.slice(i * PATCH_NUMBERS * 2, PATCH_NUMBERS * 2).hashCode();
        out.put(i * DIM, hash % 100_000);
        out.put(i * DIM + 1, places.get(4 * i) + 2 * places.get(4 * i + 3));
        out.put(i * DIM + 2, FakeGpu.bytes(a[2], 4).getFloat(0));
      }
    }
  }

  private static FakeGpu device() {
    FakeGpu gpu = new FakeGpu();
    gpu.define("checksum", ChecksumProgram::checksum);
    return gpu;
  }

  private static DeviceEncoder encoder(FakeGpu gpu, int batch) {
    return new DeviceEncoder(
        gpu,
        TestRun.NAIP,
        new EncoderDescription("fake", "a fake device", DataType.BF16, DIM, 256, batch),
        ChecksumProgram::new);
  }

  private TestRun archive(String out) throws Exception {
    TestRun test = new TestRun(folder);
    test.out = folder.resolve(out);
    for (int i = 0; i < 5; i++) {
      test.scene(i);
    }
    return test;
  }

  private Map<String, byte[]> reference() throws Exception {
    TestRun test = archive("reference");
    test.slots = 1;
    try (DeviceEncoder encoder = encoder(device(), 1)) {
      assertThat(test.embed(encoder).exitCode()).isEqualTo(ExitCode.DONE);
    }
    return test.files();
  }

  @ParameterizedTest
  @CsvSource({"3, 1, 1", "3, 2, 2", "7, 3, 2", "64, 3, 1"})
  void bytesDependOnNeitherBatchesNorSlots(int batch, int slots, int decoders) throws Exception {
    Map<String, byte[]> expected = reference();
    TestRun test = archive("out");
    test.slots = slots;
    test.decodeThreads = decoders;
    FakeGpu gpu = device();

    try (DeviceEncoder encoder = encoder(gpu, batch)) {
      assertThat(test.embed(encoder).exitCode()).isEqualTo(ExitCode.DONE);
    }

    assertThat(test.files()).hasSameSizeAs(expected);
    test.files().forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    assertThat(gpu.log()).filteredOn(s -> s.equals("upload: copy to strip")).isNotEmpty();
    assertThat(gpu.leaked()).isEmpty();
    assertThat(gpu.live()).isEmpty();
  }

  @Test
  void aDeviceThatFailsEndsTheRunAndWritesNothingWrong() throws Exception {
    Map<String, byte[]> expected = reference();
    TestRun test = archive("out");
    FakeGpu gpu = device();
    gpu.failWork(30);

    RunReport report;
    try (DeviceEncoder encoder = encoder(gpu, 2)) {
      report = test.embed(encoder);
    }

    assertThat(report.exitCode()).isNotEqualTo(ExitCode.DONE);
    assertThat(report.ended().orElse("") + report).contains("CUDA error 700");
    test.files().forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    assertThat(gpu.leaked()).isEmpty();
  }
}

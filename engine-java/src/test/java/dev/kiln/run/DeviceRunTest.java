package dev.kiln.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.LaunchShape;
import dev.kiln.error.ExitCode;
import dev.kiln.infer.EncoderDescription;
import dev.kiln.infer.gpu.DeviceEncoder;
import dev.kiln.testing.OneKernelPass;
import dev.kiln.type.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs with an encoder on a fake device that works as late as CUDA allows. */
@Timeout(120)
class DeviceRunTest {
  private static final int DIM = 3;
  private static final int PATCH_NUMBERS = 32 * 32 * 4 * 64;

  @TempDir Path directory;

  /** Embeds a chip as a checksum of its patch rows, its location and its gsd. */
  private static void checksum(LaunchShape shape, long[] a) {
    int size = shape.blocksX();
    ByteBuffer patches = FakeGpu.bytes(a[0], size * PATCH_NUMBERS * 2);
    FloatBuffer places = FakeGpu.bytes(a[2], size * 16).asFloatBuffer();
    FloatBuffer out = FakeGpu.bytes(a[4], size * DIM * 4).asFloatBuffer();
    for (int i = 0; i < size; i++) {
      int hash = patches.slice(i * PATCH_NUMBERS * 2, PATCH_NUMBERS * 2).hashCode();
      out.put(i * DIM, hash % 100_000);
      out.put(i * DIM + 1, places.get(4 * i) + 2 * places.get(4 * i + 3));
      out.put(i * DIM + 2, FakeGpu.bytes(a[3], 4).getFloat(0));
    }
  }

  private static FakeGpu device() {
    FakeGpu gpu = new FakeGpu();
    gpu.define("checksum", DeviceRunTest::checksum);
    return gpu;
  }

  private static DeviceEncoder encoder(FakeGpu gpu, int batch) {
    return new DeviceEncoder(
        gpu,
        TestRun.NAIP,
        new EncoderDescription("fake", "a fake device", DataType.BF16, DIM, 256, batch),
        fake -> new OneKernelPass(fake, "checksum", DataType.BF16));
  }

  private TestRun archive(String out) throws Exception {
    TestRun test = new TestRun(directory);
    test.out = directory.resolve(out);
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
  void bytesDoNotDependOnBatchesOrSlots(int batch, int slots, int decoders) throws Exception {
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

  /** Whichever stage uses the lost device first: the scenes under way are left for the next run. */
  @ParameterizedTest
  @ValueSource(ints = {1, 12, 30})
  void lostDeviceEndsTheRunAndTheNextOneFinishes(int work) throws Exception {
    Map<String, byte[]> expected = reference();
    TestRun test = archive("out");
    FakeGpu gpu = device();
    gpu.failWork(work);

    RunReport report;
    try (DeviceEncoder encoder = encoder(gpu, 2)) {
      report = test.embed(encoder);
    }

    assertThat(report.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(report.ended().orElseThrow())
        .startsWith("device lost: ")
        .contains("CUDA error 700")
        .doesNotContain("internal error");
    assertThat(report.failures())
        .allSatisfy(scene -> assertThat(scene.kind()).isEqualTo(FailedScene.Kind.TRANSIENT));
    test.files().forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
    assertThat(gpu.leaked()).isEmpty();

    try (DeviceEncoder encoder = encoder(device(), 2)) {
      assertThat(test.embed(encoder).exitCode()).isEqualTo(ExitCode.DONE);
    }
    assertThat(test.files()).hasSameSizeAs(expected);
  }
}

package dev.kiln.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kiln.cuda.CudaException;
import dev.kiln.cuda.FakeGpu;
import dev.kiln.cuda.GpuStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The checks on a fake device, on which each operation takes a millisecond. */
@Timeout(120)
class DeviceChecksTest {
  private static final double ROUND = 1e-3;

  private final List<FakeGpu> opened = new ArrayList<>();

  private FakeGpu open() {
    FakeGpu gpu = new FakeGpu();
    opened.add(gpu);
    return gpu;
  }

  @AfterEach
  void everythingWasClosed() {
    assertThat(opened).isNotEmpty().allSatisfy(gpu -> assertThat(gpu.leaked()).isEmpty());
  }

  @Test
  void kernelAgreesWithItsReference() throws Exception {
    List<Measurement> measurements = new PatchKernelCheck(this::open).run();
    assertThat(measurements)
        .extracting(Measurement::name)
        .containsExactly(
            "largest distance in bf16",
            "largest distance in fp16",
            "largest distance in fp32",
            "numbers compared");
    assertThat(measurements.get(0).value()).isPositive().isLessThanOrEqualTo(0.5);
    assertThat(measurements.get(2).value()).isZero();
    assertThat(measurements.get(3).value()).isGreaterThan(10_000_000);
  }

  @Test
  void wrongKernelIsFound() {
    assertThatThrownBy(
            () ->
                new PatchKernelCheck(
                        () -> {
                          FakeGpu gpu = open();
                          // Leaves the memory unchanged.
                          gpu.define("kiln_patches_fp16", (shape, arguments) -> {});
                          return gpu;
                        })
                    .run())
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining("naip, FP16, chips of 24")
        .hasMessageNotContaining("BF16");
  }

  @Test
  void deviceFailureIsNotAMismatch() {
    assertThatThrownBy(
            () ->
                new PatchKernelCheck(
                        () -> {
                          FakeGpu gpu = open();
                          gpu.failWork(3);
                          return gpu;
                        })
                    .run())
        .isInstanceOf(CudaException.class);
  }

  @Test
  void copiesAreMeasured() {
    DevicePeaks peaks = new DevicePeaks(Optional.empty());
    List<Measurement> measurements = new CopyCheck(this::open, peaks, 1_000_000).run();
    assertThat(measurements)
        .extracting(Measurement::value)
        .containsExactly(1e6 / ROUND / 1e9, 1e6 / ROUND / 1e9, 2e6 / ROUND / 1e9);
    assertThat(peaks.copyBytes()).hasValueCloseTo(2e9, within(1.0));
  }

  @Test
  void bandwidthOfTheKernelIsAFractionOfACopy() {
    DevicePeaks peaks = new DevicePeaks(Optional.empty());
    peaks.copyBytes(10e9);
    List<Measurement> measurements = new PatchBandwidthCheck(this::open, peaks, 2, 1).run();
    // Two chips with four bytes per pixel, and 2 bytes per value.
    double naip = 2 * 256 * 256 * 4 * (1 + 2) / ROUND;
    assertThat(measurements.get(0).value()).isCloseTo(naip / 1e9, within(1e-6));
    assertThat(measurements.get(1).value()).isCloseTo(naip / 10e9, within(1e-6));
    assertThat(measurements.get(1).met()).isFalse();
    assertThat(measurements).hasSize(4);
  }

  @Test
  void fastestLibrarySetsTheCeiling() throws Exception {
    DevicePeaks peaks = new DevicePeaks(Optional.empty());
    List<String> queued = new ArrayList<>();
    List<Measurement> measurements =
        new MatrixCeilingCheck(
                this::open,
                List.of(
                    product("cublas", Optional.empty(), queued),
                    product("other", Optional.of("not here"), queued)),
                peaks,
                100)
            .run();
    assertThat(measurements).extracting(Measurement::name).containsExactly("cublas");
    assertThat(queued).contains("cublas").doesNotContain("other").endsWith("cublas closed");
    assertThat(peaks.matrixFlops()).hasValueCloseTo(2 * 100 * 100 * 100 / ROUND, within(1e3));
  }

  @Test
  void withoutALibraryThereIsNoCeiling() {
    open().close();
    DevicePeaks peaks = new DevicePeaks(Optional.empty());
    assertThatThrownBy(
            () ->
                new MatrixCeilingCheck(
                        this::open,
                        List.of(product("cublas", Optional.of("no cuBLAS"), new ArrayList<>())),
                        peaks,
                        100)
                    .run())
        .isInstanceOf(SkippedException.class)
        .hasMessage("no cuBLAS");
    assertThat(peaks.matrixFlops()).isEmpty();
  }

  private static MatrixProduct product(String name, Optional<String> absent, List<String> queued) {
    return new MatrixProduct(
        name,
        () -> absent,
        (gpu, side, a, b, c) ->
            new MatrixProduct.Ready() {
              @Override
              public void enqueue(GpuStream stream) {
                queued.add(name);
                stream.zero(c, 0, 1);
              }

              @Override
              public void close() {
                queued.add(name + " closed");
              }
            });
  }
}
